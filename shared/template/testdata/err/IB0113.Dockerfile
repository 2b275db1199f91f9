COPY https://b.oss-cn-hangzhou.aliyuncs.com/a?Expires=1 /tmp/
