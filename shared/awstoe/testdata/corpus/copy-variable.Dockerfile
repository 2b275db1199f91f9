ENV SRC="/ROOT/src" DST="/ROOT/dst"
RUN mkdir -p $SRC && echo x > "$SRC/f"
COPY $SRC/f $DST/${NOT_THERE:-else}
