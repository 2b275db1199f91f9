# ---
# componentVersion: 2.0.0
# ---
RUN yum update -y
