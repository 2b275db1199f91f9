# ---
# baseImageType: OSS
# ---
RUN yum update -y
