# before
RUN echo one > /ROOT/out && \
    # a comment "with ' quotes
    echo two >> /ROOT/out && \
  # another
    echo three >> /ROOT/out
# after
RUN echo four >> /ROOT/out # at the end
