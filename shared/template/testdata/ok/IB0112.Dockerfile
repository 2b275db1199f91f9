COPY /opt/a.rpm /tmp/
