FROM IMAGE:m-bp67acfmxazb4p****
RUN a \
# --- test
RUN b \
