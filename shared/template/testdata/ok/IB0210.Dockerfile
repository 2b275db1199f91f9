# ---
# componentVersion: 1.*.*
# ---
RUN yum update -y
