USER web
WORKDIR /ROOT/w
COPY http://SERVER/files/x .
COPY /ROOT/w/x y
RUN cat y/x > z
