FROM IMAGE_FAMILY:acs:alibaba_cloud_linux_3_2104_lts_x64
WORKDIR /srv/app
COPY . .
RUN yum install -y nginx
COPY "./nginx.conf" /etc/nginx/
COPY nginx.conf /backup/
COPY oss://example-bucket/agent.rpm /opt/
COPY S3://example-bucket/agent.rpm /opt/
# --- test
COPY check.sh /tmp/
