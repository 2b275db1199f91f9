ENV A="1"
ENV A="2" B="$A"
ENV C="${A}-${B}"
RUN env | sort > /ROOT/env
