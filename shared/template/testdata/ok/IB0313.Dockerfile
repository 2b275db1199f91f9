# ---
# name: web
# internetMaxBandwidthOut: 0
# ---
FROM IMAGE:m-bp67acfmxazb4p****
COPY https://web.oss-cn-hangzhou-internal.aliyuncs.com/a /opt/
RUN curl -fsS http://127.0.0.1/ && curl -fsS "http://[::1]:8080/" && wget -nv http://localhost/a http://10.0.0.1/a http://mirrors.cloud.aliyuncs.com/a
RUN yum install -y https://dl.fedoraproject.org/pub/epel/epel-release-latest-8.noarch.rpm
RUN yum install -y nginx && pip install requests && echo https://example.com && curl -fsS "https://$HOST/a"
