RUN echo a > /ROOT/a
RUN echo b \
  > /ROOT/b
