RUN a && \
# not the end
  b
