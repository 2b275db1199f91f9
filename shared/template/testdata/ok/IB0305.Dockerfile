FROM IMAGE:m-bp67acfmxazb4p****
RUN yum install -y nginx-1.24.0
RUN yum clean all
