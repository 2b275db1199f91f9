# ---
# targets: [aws, alibaba]
# description: ""
# aws:
#   platform: Windows
#   supportedOsVersions: [""]
#   changeDescription: ""
#   regionId: nowhere
#   kmsKeyId: ""
#   uri: https://bucket/key
# ---
RUN yum update -y
