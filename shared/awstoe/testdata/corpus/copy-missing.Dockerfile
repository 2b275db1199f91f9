COPY /ROOT/not/there /ROOT/dst
RUN touch /ROOT/never
