WORKDIR /ROOT/w
RUN ["cd", "/"]
RUN pwd > /ROOT/out
