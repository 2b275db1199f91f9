# ---
# name: "a42"
# systemDiskSize: 40
# deleteInstanceOnFailure: true
# description: 2024-01-31
# targets: [alibaba]
# kind: pipeline
# build: false
# ---
FROM IMAGE:m-bp67acfmxazb4p****
RUN yum update -y
