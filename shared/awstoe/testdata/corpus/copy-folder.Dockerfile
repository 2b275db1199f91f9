RUN mkdir -p /ROOT/src/sub/deep && echo x > /ROOT/src/sub/deep/f && echo y > /ROOT/src/.hidden
COPY /ROOT/src /ROOT/dst
COPY /ROOT/src/ /ROOT/dst2/
