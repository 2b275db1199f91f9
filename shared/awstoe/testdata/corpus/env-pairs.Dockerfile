ENV A="1" B="two words" C="" D="x=y"
RUN env | sort > /ROOT/env
