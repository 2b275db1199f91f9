# ---
# addAccounts: [1234567890, "12 34", web, 0123, -5]
# ---
FROM IMAGE:m-bp67acfmxazb4p****
RUN yum update -y
