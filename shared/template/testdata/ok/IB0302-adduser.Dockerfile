FROM IMAGE:m-bp67acfmxazb4p****
RUN yum install -y nginx && adduser app
