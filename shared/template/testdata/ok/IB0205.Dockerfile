# ---
# componentVersion: 1.0.0
# ---
RUN yum update -y
