FROM IMAGE:m-bp67acfmxazb4p****
RUN true
# --- test
# ib:ignore IB0115 it is meant
RUN ["true"]
