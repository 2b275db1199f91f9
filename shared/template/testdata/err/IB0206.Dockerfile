# ---
# tags:
#   acs:a: x
#   aliyunb: x
#   ok: acs:x
#   see: a http://x
#   "": y
#   twice: 1
#   twice: 2
#   imagedrop:job: me
# ---
RUN yum update -y
