WORKDIR /ROOT/a
RUN cd /ROOT && pwd > /ROOT/first
RUN pwd > /ROOT/second
