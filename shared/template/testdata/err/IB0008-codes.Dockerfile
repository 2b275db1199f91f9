FROM IMAGE:m-bp67acfmxazb4p****
LABEL a="b" \
# --- test
RESTART \
