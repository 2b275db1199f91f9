# ---
# baseImageType: OSS
# importImageOptions:
#   diskDeviceMappings: [{ossBucket: disks, ossObject: web.vhd}]
#   osType: windows
# ---
COMPONENT ic-bp67acfmxazb4p****
RESTART
ENV A="b"
# --- test
COMPONENT ic-bp67acfmxazb4p****
RUN dir
