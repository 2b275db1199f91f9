ENV A
ENV A="b" C
ENV ="b"
ENV A="b
