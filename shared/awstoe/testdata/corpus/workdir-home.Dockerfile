WORKDIR $HOME/x
RUN pwd > /ROOT/out
ENV HOME="/ROOT/h"
RUN pwd >> /ROOT/out; echo $HOME >> /ROOT/out
