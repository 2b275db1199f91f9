# ---
# baseImageType: OSS
# importImageOptions:
#   diskDeviceMappings: [{ossBucket: disks, ossObject: web.qcow2}]
#   retainImportedImage: true
#   imageName: x
#   description: y
#   importImageTags: {a: b}
#   retentionStrategy: keep
#   roleName: importer
#   features: {imdsSupport: v2}
# ---
RUN yum update -y
