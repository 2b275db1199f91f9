FROM IMAGE:m-bp67acfmxazb4p****
RUN chmod 755 /opt/app && chmod 1777 /srv/tmp && chmod 777 /tmp && chmod +x 777 && echo chmod 777 /opt
