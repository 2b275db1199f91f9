RUN exit 255
RUN touch /ROOT/never
