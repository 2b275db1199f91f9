# ---
# baseImageType: OSS
# importImageOptions: {architecture: x86_64}
# ---
RUN yum update -y
