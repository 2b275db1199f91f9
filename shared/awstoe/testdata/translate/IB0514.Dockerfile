ENV A="1 # 2" P="$PATH:/opt/bin"
USER web
COPY https://example.com/a/b.tgz /opt
COPY s3://bucket/a/b.tgz /opt
COPY s3://bucket/a/* /srv/all
COPY /etc/hosts sub
WORKDIR $HOME/x
USER root
RUN true
