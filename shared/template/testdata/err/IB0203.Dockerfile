# ---
# systemType: linux
# ---
RUN yum update -y
