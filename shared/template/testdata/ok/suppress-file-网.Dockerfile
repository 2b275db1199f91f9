# Web tier.
# ib:ignore IB0201 the name of the file is meant
# ib:ignore IB0515 AWS gets the component only

# ---
# description: web tier
# ---
FROM IMAGE:m-bp67acfmxazb4p****
RUN yum update -y
