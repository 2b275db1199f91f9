# ---
# name: 42
# description:
# systemDiskSize: "40"
# deleteInstanceOnFailure: "true"
# toRegionIds: cn-beijing
# addAccounts: [[1]]
# imageOptions: web
# tags: [team]
# kind: image
# targets: [gcp]
# ---
FROM IMAGE:m-bp67acfmxazb4p****
RUN yum update -y
