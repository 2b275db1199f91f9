RUN --mount=type=cache,target=/x yum update -y
