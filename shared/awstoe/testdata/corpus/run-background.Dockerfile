RUN sh -c "echo late > /ROOT/late" & wait
RUN cat /ROOT/late > /ROOT/out
