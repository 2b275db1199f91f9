WORKDIR /ROOT/{{d}}
COPY http://SERVER/files/x sub
RUN cat sub/x > y
