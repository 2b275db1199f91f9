FROM IMAGE:m-bp67acfmxazb4p****
COMPONENT ic-bp67acfmxazb4p****
RUN apt-get install -y nginx
