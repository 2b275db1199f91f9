FROM IMAGE:m-bp67acfmxazb4p****
RUN chmod 2777 /srv/a && chmod go+w /srv/b && chmod u=rw,o=rw /srv/c && chmod 757 /srv/d
RUN mkdir -p -m 777 /srv/e && install -d -m 0777 /srv/f && install -m 666 a /srv/g
RUN chmod -R 666 /srv/h
