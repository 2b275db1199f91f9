FROM IMAGE_FAMILY:acs:alibaba_cloud_linux_3_2104_lts_x64
COMPONENT ic-bp67acfmxazb4p****
COPY agent.rpm /opt/
