# ---
# kind: pipeline
# ---
RUN yum update -y
