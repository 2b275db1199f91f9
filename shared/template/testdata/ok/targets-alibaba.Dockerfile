FROM IMAGE:m-bp67acfmxazb4p****
RUN systemctl disable amazon-ssm-agent && yum remove -y amazon-ssm-agent && snap remove amazon-ssm-agent
