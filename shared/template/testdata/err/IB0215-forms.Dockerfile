# ---
# systemDiskSize: 0x28
# ---
FROM IMAGE:m-bp67acfmxazb4p****
RUN yum update -y
