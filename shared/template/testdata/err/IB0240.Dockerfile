# ---
# baseImageType: OSS
# importImageOptions:
#   diskDeviceMappings: [{ossBucket: disks, ossObject: web.img, format: qcow2}]
# ---
RUN yum update -y
