# ---
# imageOptions:
#   imageTags:
#     team: web
#     imagedrop:job: mine
# ---
FROM IMAGE:m-bp67acfmxazb4p****
RUN yum update -y
