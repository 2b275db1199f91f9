RUN touch /ROOT/a
ENV LAST="1"
