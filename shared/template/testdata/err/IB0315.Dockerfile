FROM IMAGE:m-bp67acfmxazb4p****
RUN yum install -y nginx; systemctl enable nginx
RUN set +e; pip install a; echo done
RUN curl -fsSO https://example.com/a && chmod 755 a; ./a
