# ---
# # ib:ignore IB0209 this is for the next line only
# name: web
# resourceGroupId: web
# ---
FROM IMAGE:m-bp67acfmxazb4p****
# ib:ignore IB0115 the next command only
RUN ["true"]
RUN ["true"]
RUN yum update -y && \
  # ib:ignore IB0009 the next line only

  true && \

  true
# ib:ignore IB0125 the marker is no command
# --- test
FROM IMAGE:m-bp67acfmxazb4p****
