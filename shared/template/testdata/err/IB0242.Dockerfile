# ---
# baseImageType: OSS
# importImageOptions:
#   diskDeviceMappings: [{ossBucket: disks}, {ossBucket: disks, ossObject: /web.img}]
# ---
RUN yum update -y
