# ---
# baseImageType: OSS
# importImageOptions:
#   diskDeviceMappings: [{ossObject: web.img}, {ossBucket: Disks_1, ossObject: web.img}]
# ---
RUN yum update -y
