# ---
# baseImageType: OSS
# importImageOptions:
#   diskDeviceMappings: [{ossBucket: disks, ossObject: a, diskImageSize: 2048}]
# ---
RUN yum update -y
