FROM IMAGE:m-bp67acfmxazb4p****
RUN while [ ! -S /opt/app.sock ]; do sleep 1; done
