RUN echo 1 > /ROOT/one; exit 0; echo never > /ROOT/never
RUN echo 2 > /ROOT/two
