# ---
# targets: [aws]
# aws: {semanticVersion: 1.0.1073741824}
# ---
RUN yum update -y
