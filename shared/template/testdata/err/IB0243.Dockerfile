# ---
# baseImageType: OSS
# importImageOptions:
#   diskDeviceMappings: [{ossBucket: disks, ossObject: a, diskImageSize: 2049}]
# ---
RUN yum update -y
