FROM IMAGE:m-bp67acfmxazb4p****
ENV A="1"
WORKDIR /ROOT/w
USER web
RUN pwd > /ROOT/build; env | sort > /ROOT/env1
# --- test
RUN env | sort > /ROOT/env2
ENV B="$A"
WORKDIR /ROOT/t
RUN echo $B > t
COPY http://SERVER/files/x .
RUN cat x > y
