FROM IMAGE:m-bp67acfmxazb4p****
RUN until [ -f /var/lib/cloud/instance/boot-finished ]; do sleep 1; done
RUN while [ ! -f /opt/list ]; do cp /mnt/list /opt/list; done
