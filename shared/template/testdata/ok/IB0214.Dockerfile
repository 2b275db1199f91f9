# ---
# instanceType: ecs.g6.large
# ---
FROM IMAGE:m-bp67acfmxazb4p****
RUN yum update -y
