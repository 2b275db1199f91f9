# ---
# baseImageType: OSS
# importImageOptions:
#   diskDeviceMappings: [{ossBucket: disks, ossObject: web.img, format: QCOW2}]
# ---
RUN yum update -y
