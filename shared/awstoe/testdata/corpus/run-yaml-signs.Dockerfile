RUN echo "a: b # c" '- d' "{e: [f]}" "& * ! | > % @" > /ROOT/a
RUN echo '%YAML 1.2' "---" "..." yes no null ~ > /ROOT/b
