# ---
# kind: component
# name: web
# ---
RUN yum update -y
