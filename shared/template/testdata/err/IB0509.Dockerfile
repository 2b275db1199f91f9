# ---
# aws: {uri: "s3://my-bucket/web.yaml"}
# targets: [aws]
# ---
RUN yum update -y
