# ---
# tags: {team: web, cost: 42, on: true, empty: ""}
# ---
RUN yum update -y
