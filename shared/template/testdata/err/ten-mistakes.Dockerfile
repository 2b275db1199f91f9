# ---
# nmae: web-golden
# systemDiskSize: 10
# toRegionIds: [beijing]
# ---
FROM IMAGE_FAMILY:acs:alibaba_cloud_linux_3_2104_lts_x64
COMPONENT acs:ecs:cn-hangzhou:1234567890123456:imagecomponent/agent:1.0.0
ENV JAVA_OPTS="-Xms1g" -Xmx2g
ADD https://example.com/app.tar.gz /opt/
COPY https://example.com/网.tar.gz?token=1 /opt/
RUN yum update -y && \
    # the web server
    yum install nginx
RUN if [ -f /etc/motd ]; then rm /etc/motd
# --- test
FROM IMAGE_FAMILY:web-golden
