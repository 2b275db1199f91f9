# ---
# baseImageType: OSS
# importImageOptions:
#   diskDeviceMappings: [{ossBucket: disks, ossObject: web.qcow2}]
#   features: {nvmeSupport: unsupported}
# ---
RUN yum update -y
