WORKDIR /ROOT/a/b
RUN pwd > here
WORKDIR /ROOT/a/b
RUN pwd >> here
