RUN true
RESTART \
  # why
  now
RUN true
