FROM IMAGE:m-bp67acfmxazb4p****
RUN curl -fsSk https://example.com/a -o a && wget -nv --no-check-certificate https://example.com/a
RUN yum install -y --nogpgcheck a && apt-get update --allow-unauthenticated && npm config set strict-ssl false
RUN pip install --trusted-host example.com a && pip install --trusted-host=example.com a
RUN git -c http.sslVerify=false clone https://example.com/a
