# ---
# name: targets-aws
# targets: [aws]
# ---
ENV PORT=8080 MODE='plain'
RUN ["/usr/bin/env", "true"]
COPY https://example.com/agent.rpm?build=7 /opt/
RUN yum remove -y aliyun_assist && rm -rf /usr/local/share/aliyun-assist
COPY /etc/ssh/*.conf /opt/conf
