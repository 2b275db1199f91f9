FROM IMAGE:m-bp67acfmxazb4p****
RUN vim -es +%s/a/b/ +wq /etc/motd; echo vim /etc/motd
RUN passwd -l app && printf '%s' a | tee /etc/motd
RUN crontab -l && crontab /opt/crontab && ssh-keygen -A && ssh-keygen -t ed25519 -N '' -f /opt/key
RUN while read -r line; do echo "$line"; done < /etc/motd && read -r A < /etc/motd
RUN su - app -c 'id' && su app /opt/run && bash /opt/run && bash -lc id && echo id | bash
RUN pip uninstall -y foo && rm -rf /opt/old && mysql -u root -e 'SELECT 1' && openssl req -x509 -newkey rsa:2048 -subj /CN=a
RUN apt-get update && apt-get install -y ufw && ufw --force enable && ufw status && yes | ufw enable && kubeadm reset -f
RUN adduser --disabled-password --gecos '' app && adduser --system app && adduser app docker && adduser -m -s /bin/bash app
