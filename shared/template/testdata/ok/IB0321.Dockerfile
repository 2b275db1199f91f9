FROM IMAGE:m-bp67acfmxazb4p****
RUN apt-get update
RUN apt-get install -y nginx
