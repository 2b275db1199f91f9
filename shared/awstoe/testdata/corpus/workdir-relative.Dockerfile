WORKDIR /ROOT/a
WORKDIR b/c
RUN pwd > here
WORKDIR ../d
RUN pwd > here
WORKDIR .
RUN pwd >> here
