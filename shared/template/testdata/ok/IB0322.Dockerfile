FROM IMAGE:m-bp67acfmxazb4p****
RUN yum install -y nginx \
  # the editor
  vim && echo '# a' # the end
RUN yum update -y # the end
