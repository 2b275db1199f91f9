# ---
# name: words-both
# targets: [alibaba, aws]
# ---
FROM IMAGE:m-bp67acfmxazb4p****
ENV DB_PASSWORD="hunter2hunter2"
RUN aws configure set aws_access_key_id AKIAQ7ZK3VN5T2XWB4RD
RUN mysql -u root -pmade-up-4711 < /opt/schema.sql
RUN systemctl disable amazon-ssm-agent
RUN snap remove amazon-ssm-agent && systemctl stop snap.amazon-ssm-agent.amazon-ssm-agent.service
RUN rm -f /usr/bin/amazon-ssm-agent && yum remove -y aliyun_assist cloud-init
