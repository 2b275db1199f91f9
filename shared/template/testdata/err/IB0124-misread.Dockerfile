# ---
# name: web
# baseImageType: image
# baseImage: 1
# ---
FROM IMAGE:m-bp67acfmxazb4p
RUN true
