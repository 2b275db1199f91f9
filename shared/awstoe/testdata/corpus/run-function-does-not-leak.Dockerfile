RUN r() { echo own; }; r > /ROOT/a
RUN r > /ROOT/b 2>/dev/null || echo none >> /ROOT/b
RUN e x > /ROOT/c 2>/dev/null || echo none >> /ROOT/c
