FROM IMAGE:m-bp67acfmxazb4p****
RUN yum install -y nginx \
  vim # the editor \
  && systemctl enable nginx
RUN # all of it \
  yum update -y
