RUN cat > /ROOT/stdin; echo $? > /ROOT/status
RUN read x; echo "$? [$x]" > /ROOT/read
