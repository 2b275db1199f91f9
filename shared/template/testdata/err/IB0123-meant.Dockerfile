# ---
# name: web
# ---
FROM image-family:acs:alibaba_cloud_linux_3_2104_lts_x64
FROM m-bp67acfmxazb4p
FROM "IMAGE:m-bp67acfmxazb4p"
FROM IMAGE: m-bp67acfmxazb4p
FROM acs:alibaba_cloud_linux_3_2104_lts_x64
FROM ubuntu:22.04
FROM IMAGE:m-bp67acfmxazb4p AS base
FROM OSS:disk
FROM image:m-x --flag LTAI5tAbCdEfGhIjKlMnOpQr
FROM IMAGE: LTAI5tAbCdEfGhIjKlMnOpQr
FROM image:LTAI5tAbCdEfGhIjKlMnOpQr
