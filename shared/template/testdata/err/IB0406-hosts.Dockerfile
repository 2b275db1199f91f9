FROM IMAGE:m-bp67acfmxazb4p****
ENV GIT_SSH_COMMAND="ssh -i /opt/key -o StrictHostKeyChecking=no"
RUN scp -q -o StrictHostKeyChecking=no app@files.example.com:a.rpm /opt/ && sftp -b /opt/batch -oStrictHostKeyChecking=off app@files.example.com
RUN rsync -a -e 'ssh -o stricthostkeychecking=no' app@files.example.com:a /opt/ && git -c core.sshCommand='ssh -oStrictHostKeyChecking=no' fetch
RUN GIT_SSH_COMMAND='ssh -o StrictHostKeyChecking=no' git clone git@git.example.com:a/b
