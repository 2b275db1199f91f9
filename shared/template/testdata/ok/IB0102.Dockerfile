RUN \
  a
