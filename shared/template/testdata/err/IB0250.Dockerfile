# ---
# nmae: web
# toRegionId: [cn-beijing]
# architecture: arm64
# imageOptions: {imagename: web, foo: 1}
# clientToken: abc
# zzzzzz: 1
# ---
FROM IMAGE:m-bp67acfmxazb4p****
RUN yum update -y
