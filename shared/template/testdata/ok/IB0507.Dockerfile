# ---
# targets: [aws]
# aws: {semanticVersion: 01.0.1073741823}
# ---
RUN yum update -y
