FROM IMAGE:m-bp67acfmxazb4p****
RUN set -e; yum install -y nginx; systemctl enable nginx
RUN yum install -y nginx && systemctl enable nginx
RUN echo a; systemctl enable nginx; yum install -y nginx
RUN pip install a || exit 1; echo done
RUN yum install -y a; if [ $? -ne 0 ]; then exit 1; fi
RUN install() { yum install -y a; echo b; }; install
