# ---
# imageOptions: {imageName: web}
# build: true
# vSwitchId: vsw-bp67acfmxazb4p****
# ---
RUN yum update -y
# --- test
RUN a
