# ---
# targets: [alibaba, aws]
# tags: {"with blank": a}
# aws: {tags: {a/b: ""}}
# ---
RUN yum update -y
