FROM IMAGE:m-bp67acfmxazb4p****
RUN curl -Lo /usr/local/bin/tool https://example.com/tool && chmod 755 /usr/local/bin/tool
RUN tar xf /opt/a.tgz && curl -o /opt/a.tgz https://example.com/a.tgz
