FROM IMAGE:m-bp67acfmxazb4p****
RUN yum update -y
ENV A="b"
# --- test
ENV C="d"
RUN a
