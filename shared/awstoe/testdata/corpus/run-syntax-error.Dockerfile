RUN if true; then echo a
RUN touch /ROOT/never
