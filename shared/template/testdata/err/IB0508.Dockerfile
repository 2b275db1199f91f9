# ---
# targets: [alibaba, aws]
# tags: {"with blank": a, team: web, "aws:x": b}
# ---
RUN yum update -y
