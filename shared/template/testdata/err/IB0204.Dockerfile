# ---
# componentType: build
# ---
RUN yum update -y
