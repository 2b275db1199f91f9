ENV PATH="/ROOT/nothing"
WORKDIR /ROOT/w
RUN echo "$PATH" > /ROOT/out
COPY /ROOT/out /ROOT/copied
RUN echo b >> /ROOT/out
