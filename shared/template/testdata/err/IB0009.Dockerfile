RUN a && \

  b
