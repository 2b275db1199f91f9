# syntax=docker/dockerfile:1
# ---
# name: from-docker
# ---
ARG VERSION=1.0
add app.tar.gz /opt/app
COPY --chown=app:app config /etc/app
EXPOSE 8080
HEALTHCHECK CMD curl -f http://127.0.0.1:8080/ || exit 1
RUN cat <<EOF > /etc/motd
welcome
EOF
CMD ["/opt/app/run", 8080]
