RUN ["false"]
RUN ["touch", "/ROOT/never"]
