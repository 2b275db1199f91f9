# ---
# resourceGroupId: rg-bp67acfmxazb4p****
# ---
FROM IMAGE:m-bp67acfmxazb4p****
RUN yum update -y
