FROM IMAGE:m-bp67acfmxazb4p****
RUN sudo systemctl enable nginx
