FROM IMAGE:m-bp67acfmxazb4p****
RUN rm -rf / && rm -r -f "/"* && rm --recursive /usr/
RUN cd /tmp; rm -fr --no-preserve-root /./ /tmp/a
