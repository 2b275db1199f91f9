RUN echo "[$NOT_SET]" > /ROOT/out
