# syntax=docker/dockerfile:1
#---
# name: web
# nvmeSuport: auto
# systemDiskSize: "40"
# build: "true"
# description: 2026
# toRegionIds: cn-beijing
# addAccounts: [1234567890123456]
# imageOptions: {imageFamly: web-golden, imageFeatures: {nvmeSupport: Auto}}
# ----
RUN yum update -y
FROM IMAGE_FAMILY:acs:alibaba_cloud_linux_3_2104_lts_x64
COMPONENT acs:ecs:cn-hangzhou:1234567890123456:imagecomponent/node-exporter:1.0.*
RNU yum install -y nginx
# --- Test
FROM IMAGE_FAMILY:acs:alibaba_cloud_linux_3_2104_lts_x64
RUN true \
