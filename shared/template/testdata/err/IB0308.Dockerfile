FROM IMAGE:m-bp67acfmxazb4p****
USER app
RUN id
USER root
