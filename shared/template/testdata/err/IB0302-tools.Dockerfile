FROM IMAGE:m-bp67acfmxazb4p****
RUN sudo -i
RUN newgrp docker
RUN update-alternatives --config java
RUN docker run --rm -it busybox && docker exec -t -i app bash && docker login registry.cn-hangzhou.aliyuncs.com && docker image prune
RUN sudo -u postgres psql && mysql && aliyun configure
RUN python3 -m pip uninstall foo && openssl genrsa -aes256 -out key.pem 4096
RUN apt-get update && apt-get install -y ufw && ufw enable && adduser --uid 1000 --gecos '' app
RUN kubeadm reset && npm login && bash -c "adduser $USER"
