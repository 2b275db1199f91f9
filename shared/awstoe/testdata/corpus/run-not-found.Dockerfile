RUN /ROOT/no/such/program
RUN touch /ROOT/never
