ENV IFS="x" PS4="+" BASH_ENV="/ROOT/rc" CDPATH="/ROOT" POSIXLY_CORRECT="1" LC_ALL="C" TMPDIR="/ROOT"
WORKDIR /ROOT/w
RUN echo axb > /ROOT/out; env | sort > /ROOT/env
