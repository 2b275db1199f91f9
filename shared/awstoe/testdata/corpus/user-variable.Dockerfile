ENV WHO="web"
USER $WHO
WORKDIR /ROOT/w
RUN env | sort > /ROOT/env
