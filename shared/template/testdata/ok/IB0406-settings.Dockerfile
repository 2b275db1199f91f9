FROM IMAGE:m-bp67acfmxazb4p****
ENV NODE_TLS_REJECT_UNAUTHORIZED="1" GIT_SSL_NO_VERIFY="false" PYTHONHTTPSVERIFY="1"
RUN yum install -y --setopt=repo_gpgcheck=0 a && yum-config-manager --save --setopt=app.gpgcheck=1 && rpm -U /opt/a.rpm
RUN conda config --set ssl_verify /etc/pki/ca.pem && echo 'curl -k turns it off' && grep gpgcheck=0 /etc/yum.conf || true
