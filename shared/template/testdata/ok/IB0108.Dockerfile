CMD \
  a
