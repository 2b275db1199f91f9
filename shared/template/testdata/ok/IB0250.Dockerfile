# ---
# name: web
# aws: {name: web, tags: {a: b}, supportedOsVersions: [Linux]}
# ---
FROM IMAGE:m-bp67acfmxazb4p****
RUN yum update -y
