COPY http://SERVER/missing /ROOT/dst
RUN touch /ROOT/never
