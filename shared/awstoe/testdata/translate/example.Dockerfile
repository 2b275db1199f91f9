WORKDIR /opt/web
ENV PORT="8080"
RUN dnf install -y nginx
RUN ./configure --port $PORT
RESTART
