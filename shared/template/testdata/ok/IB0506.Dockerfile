# ---
# targets: [aws]
# name: 网:web.base
# ---
RUN yum update -y
