# ---
# baseImageType: OSS
# importImageOptions:
#   diskDeviceMappings: [{ossBucket: disks, ossObject: web.vhd}]
#   osType: windows
# ---
COMPONENT ic-bp67acfmxazb4p****
RESTART
COMPONENT ic-bp67acfmxazb4p****
# --- test
COMPONENT ic-bp67acfmxazb4p****
