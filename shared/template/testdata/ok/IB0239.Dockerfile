# ---
# baseImageType: OSS
# importImageOptions:
#   diskDeviceMappings: [{ossBucket: disks, ossObject: web.qcow2}, {ossBucket: disks, ossObject: web.qcow2}, {ossBucket: disks, ossObject: web.qcow2}, {ossBucket: disks, ossObject: web.qcow2}, {ossBucket: disks, ossObject: web.qcow2}, {ossBucket: disks, ossObject: web.qcow2}, {ossBucket: disks, ossObject: web.qcow2}, {ossBucket: disks, ossObject: web.qcow2}, {ossBucket: disks, ossObject: web.qcow2}, {ossBucket: disks, ossObject: web.qcow2}, {ossBucket: disks, ossObject: web.qcow2}, {ossBucket: disks, ossObject: web.qcow2}, {ossBucket: disks, ossObject: web.qcow2}, {ossBucket: disks, ossObject: web.qcow2}, {ossBucket: disks, ossObject: web.qcow2}, {ossBucket: disks, ossObject: web.qcow2}, {ossBucket: disks, ossObject: web.qcow2}]
# ---
RUN yum update -y
