FROM IMAGE:m-bp67acfmxazb4p****
RUN if ! yum install -y nginx; then exit 1; fi; systemctl enable nginx
RUN for i in 1 2 3; do yum install -y nginx && break; sleep 5; done; systemctl enable nginx
RUN { yum install -y nginx; } || exit 1; systemctl enable nginx
RUN set -e; (yum install -y nginx); systemctl enable nginx
RUN yum remove -y telnet; systemctl enable nginx
RUN setup() { yum install -y nginx; }; setup
