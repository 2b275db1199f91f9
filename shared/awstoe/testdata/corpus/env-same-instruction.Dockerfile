ENV X="old"
ENV X="new" Y="$X" Z="${X}!"
RUN echo "$X $Y $Z" > /ROOT/out
