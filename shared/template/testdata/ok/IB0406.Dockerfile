FROM IMAGE:m-bp67acfmxazb4p****
RUN curl -fsS https://example.com/a -o k && yum install -y a && curl -fsSk https://127.0.0.1/
RUN echo --no-check-certificate
RUN pip install -i http://mirrors.cloud.aliyuncs.com/pypi/simple/ --trusted-host mirrors.cloud.aliyuncs.com requests
