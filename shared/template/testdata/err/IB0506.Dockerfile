# ---
# targets: [aws]
# name: x
# aws: {name: web.base}
# ---
RUN yum update -y
