COPY oss://bucket/key /opt
COPY app.tgz /opt
COPY ftp://example.com/a /opt
COPY s3://bucket/ /opt
COPY /opt/[ab].conf /opt/c
COPY https:///a /opt
