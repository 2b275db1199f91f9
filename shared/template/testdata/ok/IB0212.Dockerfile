# ---
# kind: pipeline
# baseImageType: IMAGE_FAMILY
# baseImage: web
# ---
RUN yum update -y
