# ---
# baseImageType: OSS
# importImageOptions:
#   diskDeviceMappings: [{ossBucket: disks, ossObject: web.qcow2}]
#   architecture: arm64
#   bootMode: BIOS
# ---
RUN yum update -y
