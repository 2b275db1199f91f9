RUN mkdir -p /ROOT/src && touch /ROOT/src/a.conf /ROOT/src/b.conf "/ROOT/src/c d.conf" /ROOT/src/e.txt
COPY /ROOT/src/*.conf /ROOT/dst
COPY /ROOT/src/?.txt /ROOT/dst
