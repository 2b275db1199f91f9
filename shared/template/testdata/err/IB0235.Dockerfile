# ---
# baseImageType: OSS
# importImageOptions:
#   diskDeviceMappings: [{ossBucket: disks, ossObject: web.qcow2}]
#   osType: windows
#   platform: Ubuntu
# ---
COMPONENT ic-bp67acfmxazb4p****
