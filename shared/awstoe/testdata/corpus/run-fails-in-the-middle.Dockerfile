RUN echo 1 > /ROOT/one
RUN echo 2 > /ROOT/two; exit 7
RUN echo 3 > /ROOT/three
