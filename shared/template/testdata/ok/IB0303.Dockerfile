FROM IMAGE:m-bp67acfmxazb4p****
RUN wget -q https://example.com/a && wget -nv https://example.com/b && wget -qO- https://example.com/c > c
RUN wget --progress=dot:giga https://example.com/a && echo wget https://example.com/a
