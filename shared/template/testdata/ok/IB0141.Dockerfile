FROM IMAGE:m-bp67acfmxazb4p****
RUN a
RESTART
RUN b
RESTART
# --- test
RUN c
