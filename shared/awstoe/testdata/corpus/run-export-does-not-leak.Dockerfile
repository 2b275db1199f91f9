RUN export LEAK=1; env | sort > /ROOT/env1
RUN env | sort > /ROOT/env2
RUN set -f; umask 077; echo "$-" > /ROOT/flags
RUN umask > /ROOT/umask; echo "$-" > /ROOT/flags2
