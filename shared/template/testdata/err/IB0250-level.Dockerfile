# ---
# name: web
# imageTags: {team: web}
# imageFeatures: {nvmeSupport: auto}
# imageOptions: {tags: {team: web}, name: web, systemDiskSize: 40, imageNam: web}
# architecture: x86_64
# retainCloudAssistant: true
# ---
FROM IMAGE:m-bp67acfmxazb4p
