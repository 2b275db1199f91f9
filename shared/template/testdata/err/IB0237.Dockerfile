# ---
# baseImageType: OSS
# importImageOptions:
#   diskDeviceMappings: [{ossBucket: disks, ossObject: web.qcow2}]
#   licenseType: byol
# ---
RUN yum update -y
