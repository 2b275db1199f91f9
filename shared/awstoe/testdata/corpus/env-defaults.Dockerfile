ENV E="" S="set"
ENV A="${E:-dash}" B="${S:-dash}" C="${S:+plus}" D="${E:+plus}" F="${NOT_THERE:-none}"
RUN env | sort > /ROOT/env
