# ---
# baseImageType: OSS
# importImageOptions:
#   diskDeviceMappings: [{ossBucket: disks, ossObject: web.qcow2}]
#   platform: BeOS
# ---
RUN yum update -y
