# ---
# name: first-try
# descripton: a misspelt key
# tags: {team: web}
# systemDiskSize: 10
# ---
RUN yum update -y
FROM IMAGE:m-bp67acfmxazb4p0001
ENV PATH
COPY https://example.com/app.tar.gz?token=1 /opt
RESTART now
RUN
