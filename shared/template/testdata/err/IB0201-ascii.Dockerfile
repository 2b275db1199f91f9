# ---
# name: 网-web
# ---
RUN yum update -y
