RUN echo one > /ROOT/out && \
    echo two >> /ROOT/out && \
    echo three \
      >> /ROOT/out
