RUN printf '%s\n' ''\'''\'''\''''\''''' > /ROOT/a
RUN printf "%s\n" "'''" '"""' > /ROOT/b
