# ---
# regionId: Hangzhou
# toRegionIds: [cn-beijing, beijing]
# ---
FROM IMAGE:m-bp67acfmxazb4p****
RUN yum update -y
