# ---
# regionId: cn-hangzhou
# toRegionIds: [cn-beijing]
# ---
FROM IMAGE:m-bp67acfmxazb4p****
RUN yum update -y
