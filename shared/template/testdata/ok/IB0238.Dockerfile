# ---
# baseImageType: OSS
# importImageOptions:
#   diskDeviceMappings: [{ossBucket: disks, ossObject: web.qcow2}]
#   features: {nvmeSupport: supported}
# ---
RUN yum update -y
