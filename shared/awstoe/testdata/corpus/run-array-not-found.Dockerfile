RUN ["no-such-program-at-all"]
RUN ["touch", "/ROOT/never"]
