# ---
# baseImageType: OSS
# importImageOptions:
#   diskDeviceMappings: [{ossBucket: disks-1, ossObject: web.img}]
# ---
RUN yum update -y
