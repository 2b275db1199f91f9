FROM IMAGE:m-bp67acfmxazb4p****
USER root
RUN id
USER app
