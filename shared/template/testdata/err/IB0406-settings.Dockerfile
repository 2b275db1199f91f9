FROM IMAGE:m-bp67acfmxazb4p****
ENV NODE_TLS_REJECT_UNAUTHORIZED="0" GIT_SSL_NO_VERIFY="true"
RUN yum install -y --setopt=sslverify=false a && yum-config-manager --save --setopt=app.gpgcheck=0 && rpm -U --nosignature /opt/a.rpm
RUN GIT_SSL_NO_VERIFY=1 git clone https://example.com/a && env PYTHONHTTPSVERIFY=0 ./setup && apt-get -o Acquire::https::Verify-Peer=false update
RUN conda config --set ssl_verify false
