# ---
# name: web server 世
# aws: {systemdUnit: true}
# ---
ENV A="1"
USER web
WORKDIR /opt/web
ENTRYPOINT ["./serve", "--port"]
CMD ["8080"]
