COPY https://b.oss-cn-hangzhou.aliyuncs.com/a /tmp/
