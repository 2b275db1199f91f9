ENV \
  A="b"
