RUN touch /ROOT/file
WORKDIR /ROOT/file
RUN touch /ROOT/never
