# ---
# baseImageType: OSS
# importImageOptions:
#   diskDeviceMappings: [{ossBucket: disks, ossObject: web.qcow2}]
#   osType: windows
#   platform: Ubuntu
# ---
RUN yum update -y
