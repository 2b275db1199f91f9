FROM IMAGE:m-bp67acfmxazb4p****
RUN systemctl mask cloud-init-local.service && yum remove -y cloud-init-20.1 && apt-get purge -y 'cloud-init*'
RUN /usr/local/share/assist-daemon/assist_daemon --stop && aliyun-service --remove
