# ---
# baseImageType: OSS
# importImageOptions: {diskDeviceMappings: []}
# ---
RUN yum update -y
