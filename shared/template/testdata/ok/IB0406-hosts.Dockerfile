FROM IMAGE:m-bp67acfmxazb4p****
ENV GIT_SSH_COMMAND="ssh -i /opt/key"
RUN ssh-keyscan -t ed25519 files.example.com >> /etc/ssh/ssh_known_hosts && scp -o StrictHostKeyChecking=accept-new app@files.example.com:a.rpm /opt/
RUN scp -o StrictHostKeyChecking=no /var/log/build.log app@files.example.com:/var/log/ && apt-get update && apt-get --force-yes -y remove vim
RUN rsync -a -e 'ssh -o StrictHostKeyChecking=yes' app@files.example.com:a /opt/ && echo scp -o StrictHostKeyChecking=no
