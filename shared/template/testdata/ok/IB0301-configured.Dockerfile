FROM IMAGE:m-bp67acfmxazb4p****
RUN echo assumeyes=1 >> /etc/yum.conf
RUN yum install nginx
RUN printf 'APT::Get::Assume-Yes "true";' > /etc/apt/apt.conf.d/90-yes && apt-get update && apt-get install nginx
