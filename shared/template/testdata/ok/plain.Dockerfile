# ---
# name: web
# ---
FROM IMAGE:m-bp67acfmxazb4p****
# why

RUN yum install -y \
  # the server
  nginx
# --- test
RUN nginx -t
