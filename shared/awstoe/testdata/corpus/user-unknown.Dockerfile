RUN touch /ROOT/a
USER nobody-knows
RUN touch /ROOT/never
