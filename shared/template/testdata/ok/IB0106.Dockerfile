WORKDIR \
  /a
