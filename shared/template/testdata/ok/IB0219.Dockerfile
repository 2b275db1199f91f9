# ---
# addAccounts: [1234567890, "1234567890123456"]
# ---
FROM IMAGE:m-bp67acfmxazb4p****
RUN yum update -y
