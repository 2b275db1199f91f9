# ---
# targets: [aws]
# build: true
# ---
FROM IMAGE:m-bp67acfmxazb4p****
RUN yum update -y
