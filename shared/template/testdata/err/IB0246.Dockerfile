# ---
# systemType: Linux
# componentType: Build
# componentVersion: 1.0.0
# ---
FROM IMAGE:m-bp67acfmxazb4p****
RUN yum update -y
