RUN echo "$# [$1] $0" > /ROOT/out
