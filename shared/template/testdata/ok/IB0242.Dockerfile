# ---
# baseImageType: OSS
# importImageOptions:
#   diskDeviceMappings: [{ossBucket: disks, ossObject: web/disk 1.img}]
# ---
RUN yum update -y
