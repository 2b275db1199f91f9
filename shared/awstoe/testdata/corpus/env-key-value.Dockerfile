ENV GREETING hello   big  world
ENV QUOTED "in quotes" and 'not'
RUN env | sort > /ROOT/env
