# ---
# name: node-exporter
# componentVersion: 1.4.*
# ---
RUN yum install -y node-exporter
