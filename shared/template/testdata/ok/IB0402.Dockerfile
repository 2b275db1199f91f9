FROM IMAGE:m-bp67acfmxazb4p****
RUN rm -f /root/.ssh/authorized_keys && cat /dev/null > /root/.ssh/authorized_keys && : > /root/.ssh/authorized_keys
RUN chmod 600 /root/.ssh/authorized_keys; echo > /root/.ssh/authorized_keys; echo '-----BEGIN PUBLIC KEY-----' > /opt/key.pub
RUN echo 'add your key to authorized_keys' > /etc/motd
RUN if grep -q -- '-----BEGIN RSA PRIVATE KEY-----' /opt/key.pem; then sed -n '/-----BEGIN PRIVATE KEY-----/,$p' /opt/all.pem; fi
