# ---
# name: web-golden
# imageFamly: web
# systemDiskSize: 10
# ---
FROM ubuntu:22.04
RUN
COPY https://example.com/app.tar.gz?token=1 /opt/
EXPOSE 80
RUN apt-get install -y nginx && \
