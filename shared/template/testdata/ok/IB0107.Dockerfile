USER \
  root
