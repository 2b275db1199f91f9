FROM IMAGE:m-bp67acfmxazb4p****
RUN chmod 777 /opt/app
RUN mkdir /srv/data && chmod -R a+rwx /srv/data
