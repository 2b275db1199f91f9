RUN echo hello > /ROOT/out
