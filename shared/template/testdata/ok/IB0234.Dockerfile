# ---
# baseImageType: OSS
# importImageOptions:
#   diskDeviceMappings: [{ossBucket: disks, ossObject: web.qcow2}]
#   osType: linux
# ---
RUN yum update -y
