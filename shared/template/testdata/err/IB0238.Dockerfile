# ---
# baseImageType: OSS
# importImageOptions:
#   diskDeviceMappings: [{ossBucket: disks, ossObject: web.qcow2}]
#   features: {nvmeSupport: auto}
# ---
RUN yum update -y
