RUN mkdir -p /ROOT/src /ROOT/dst && echo new > /ROOT/src/f && echo old > /ROOT/dst/f
COPY /ROOT/src/f /ROOT/dst
