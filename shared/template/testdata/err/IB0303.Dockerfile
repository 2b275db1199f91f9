FROM IMAGE:m-bp67acfmxazb4p****
RUN wget https://example.com/a.tar.gz
RUN cd /opt && wget -O a https://example.com/a
