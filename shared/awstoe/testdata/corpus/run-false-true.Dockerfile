RUN false; true
RUN echo after > /ROOT/out
