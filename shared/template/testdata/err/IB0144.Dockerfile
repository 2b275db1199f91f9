FROM IMAGE:m-bp67acfmxazb4p****
RUN yum update -y
# --- test
RUN a
ENV A="b"
ENV
