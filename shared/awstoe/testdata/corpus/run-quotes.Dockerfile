RUN echo "double" 'single' "it's" 'say "hi"' > /ROOT/a
RUN echo 'it'\''s' "a \"b\" c" \'d\' > /ROOT/b
RUN printf '%s|' "'" '"' '\' '`' '$' '!' '#' '~' '*' > /ROOT/c
RUN printf '%s|' '' "" ''"" > /ROOT/d
