RUN env | sort > /ROOT/env1
USER web
RUN env | sort > /ROOT/env2
ENV A="1"
RUN ["sh", "-c", "env | sort > /ROOT/env3"]
USER root
ENV B="2"
RUN env | sort > /ROOT/env4
USER app
RUN exit 5
