ENV BASE="/ROOT/srv" APP="my app"
WORKDIR $BASE/sub
RUN pwd > here
ENV BASE="/ROOT/other"
RUN pwd >> here
WORKDIR ${BASE}/x
RUN pwd > here
