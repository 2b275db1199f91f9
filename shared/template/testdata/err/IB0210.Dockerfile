# ---
# componentVersion: "*.*.*"
# ---
RUN yum update -y
