# ---
# targets: [alibaba, aws]
# aws: {platform: Linux, supportedOsVersions: [Amazon Linux 2], changeDescription: new, regionId: eu-central-1, kmsKeyId: alias/mine}
# ---
RUN yum update -y
