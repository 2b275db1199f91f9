# ---
# systemType: Windows
# ---
RUN yum update -y
