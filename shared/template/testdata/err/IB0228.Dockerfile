# ---
# imageOptions: {imageFamily: aliyun-web}
# ---
FROM IMAGE:m-bp67acfmxazb4p****
RUN yum update -y
