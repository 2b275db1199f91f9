# ---
# systemType: Linux
# ---
RUN yum update -y
