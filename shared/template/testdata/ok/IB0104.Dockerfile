LABEL \
  a="b"
