# ---
# baseImageType: OSS
# importImageOptions:
#   diskDeviceMappings: [{ossBucket: disks, ossObject: web.qcow2}]
#   osType: windows
#   platform: Windows Server 2022
# ---
RUN yum update -y
