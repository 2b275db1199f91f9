# ---
# baseImageType: IMAGE
# ---
RUN yum update -y
