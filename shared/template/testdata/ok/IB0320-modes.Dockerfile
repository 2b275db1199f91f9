FROM IMAGE:m-bp67acfmxazb4p****
RUN chmod 1777 /srv/a && chmod a+rwxt /srv/b && chmod o-w,g+w /srv/c && chmod +x /srv/d && chmod u+w /srv/e
RUN chmod 666 /var/run/docker.sock && chmod 777 /run/app && chmod 666 /dev/null && chmod -R 777 /tmp/*
RUN chmod 666 /home/output.txt
RUN mkdir -m 755 /srv/f && install -d -m 1777 /srv/g && install -m 755 a /srv/h && chmod --reference=/srv/a /srv/b
