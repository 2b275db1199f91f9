# ---
# name: web
# baseImageType: IMAGE
# baseImage: [m-bp67acfmxazb4p]
# ---
RUN true
