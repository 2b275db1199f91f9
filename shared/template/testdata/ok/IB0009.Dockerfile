RUN a && \
  # why
  b
