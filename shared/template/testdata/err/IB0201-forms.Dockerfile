# ---
# name: http://a
# ---
RUN yum update -y
