RUN mkdir -p /ROOT/src && echo x > /ROOT/src/f
WORKDIR /ROOT/w
COPY /ROOT/src/f sub/dir
COPY /ROOT/src/f .
