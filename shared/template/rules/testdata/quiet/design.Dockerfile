# ---
# name: web-golden
# description: web tier base image
# imageOptions: {imageName: web, imageFamily: web-golden}
# toRegionIds: [cn-beijing, cn-shanghai]
# tags: {team: web, rebuild: nightly}
# build: true
# ---
FROM IMAGE_FAMILY:acs:alibaba_cloud_linux_3_2104_lts_x64
COMPONENT acs:ecs:cn-hangzhou:1234567890123456:imagecomponent/node-exporter/1.*.*
RUN yum install -y nginx && systemctl enable nginx
# --- test
RUN curl --fail --silent http://127.0.0.1/
