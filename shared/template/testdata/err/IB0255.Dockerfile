# ---
# kind: component
# baseImage: m-bp67acfmxazb4p****
# baseImageType: IMAGE
# ---
RUN yum update -y
