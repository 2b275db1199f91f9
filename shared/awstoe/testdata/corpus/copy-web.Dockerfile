WORKDIR /ROOT/w
COPY http://SERVER/files/tool.tgz /ROOT/dst
COPY http://SERVER/files/a%20b sub
COPY http://SERVER/ /ROOT/dst
RUN cat tool.tgz >> /ROOT/out || cat /ROOT/dst/* "sub/a b" >> /ROOT/out
