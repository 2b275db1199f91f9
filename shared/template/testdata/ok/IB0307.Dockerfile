FROM IMAGE:m-bp67acfmxazb4p****
RUN systemctl enable nginx && echo sudo
