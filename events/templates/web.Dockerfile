# ---
# name: web-golden
# description: web tier base image
# imageOptions: {imageName: web, imageFamily: web-golden}
# toRegionIds: [cn-beijing, cn-shanghai]
# internetMaxBandwidthOut: 10
# tags: {team: web, rebuild: nightly}
# build: true
# ---
FROM IMAGE_FAMILY:acs:alibaba_cloud_linux_3_2104_lts_x64
COMPONENT acs:ecs:cn-hangzhou:1234567890123456:imagecomponent/node-exporter/1.*.*
COMPONENT acs:ecs:cn-hangzhou:1234567890123456:imagecomponent/chrony/*.*.*
RUN yum install -y nginx && systemctl enable nginx
RUN printf 'server_tokens off;\nadd_header X-Content-Type-Options nosniff always;\n' > /etc/nginx/conf.d/10-headers.conf
# --- test
RUN nginx -t
RUN systemctl start nginx && curl --fail --silent http://127.0.0.1/
