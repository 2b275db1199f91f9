FROM IMAGE:m-bp67acfmxazb4p****
RUN sudo -iu app /opt/setup && sudo --version && newgrp docker < /opt/setup
RUN update-alternatives --set java /usr/bin/java && cp -bS.orig a b && mv -tdir a
RUN docker run --rm -i busybox true < /dev/null && docker run --rm busybox ls -it && docker login -u app --password-stdin < /run/password && docker image prune -af
RUN sudo -u postgres psql -c 'select 1' && mysql < /opt/data.sql && aliyun configure set --mode EcsRamRole
RUN python3 -m pip uninstall -y foo && openssl genrsa -out key.pem 4096
