# ---
# baseImageType: OSS
# importImageOptions:
#   diskDeviceMappings: [{ossBucket: disks, ossObject: web.qcow2}]
#   osType: windows
#   platform: Windows Server 2022
# ---
COMPONENT ic-bp67acfmxazb4p****
