# ---
# imageName: web
# imageFamily: web
# nvmeSupport: auto
# imageOptions: {imageName: web2, imageFamily: web2, imageFeatures: {nvmeSupport: supported}}
# ---
FROM IMAGE:m-bp67acfmxazb4p****
RUN yum update -y
