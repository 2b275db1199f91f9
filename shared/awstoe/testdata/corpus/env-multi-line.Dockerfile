ENV A="1" \
    # why
    B="2" \
    C="3 \
4"
RUN env | sort > /ROOT/env
