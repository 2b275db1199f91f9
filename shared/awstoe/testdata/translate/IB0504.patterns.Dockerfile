COPY s3://bucket/a/* /srv/all
COPY s3://bucket/*/b.tgz /opt
COPY s3://bucket/a/b* /opt
COPY s3://buck*/a /opt
COPY s3://bucket/a/ /opt
