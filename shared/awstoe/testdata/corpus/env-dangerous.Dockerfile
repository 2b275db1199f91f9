ENV A="$(touch /ROOT/pwned)" B="`touch /ROOT/pwned`" C="a;touch /ROOT/pwned" D='x'"'"'y' E="!h"
RUN env | sort > /ROOT/env
