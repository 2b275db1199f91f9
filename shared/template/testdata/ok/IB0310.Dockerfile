FROM IMAGE:m-bp67acfmxazb4p****
RUN systemctl start nginx
RUN systemctl enable nginx
RUN systemctl enable --now postgresql && systemctl start mysqld && mysql -e 'SELECT 1' && systemctl stop mysqld.service
RUN for unit in a b; do systemctl enable "$unit-c"; done; systemctl start "$unit"
RUN apt-get update && apt-get install -y redis-server && systemctl start redis
RUN echo systemctl start httpd
# --- test
RUN systemctl start httpd
