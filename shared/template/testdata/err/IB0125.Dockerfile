FROM IMAGE:m-bp67acfmxazb4p****
RUN yum update -y
# --- test
FROM IMAGE:m-bp67acfmxazb4p****
RUN b
