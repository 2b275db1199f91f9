RUN eval 'if true; then echo a'
RUN touch /ROOT/never
