FROM IMAGE:m-bp67acfmxazb4p****
RUN echo 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIexample ops' >> /root/.ssh/authorized_keys
RUN cat /tmp/key.pub | tee -a ~/.ssh/authorized_keys && cp /tmp/id_rsa /root/.ssh/id_rsa
RUN curl -fsS https://example.com/keys > "$HOME/.ssh/authorized_keys"
COPY /tmp/keys /root/.ssh/authorized_keys
RUN printf '%s' '-----BEGIN OPENSSH PRIVATE KEY-----' > /opt/key
