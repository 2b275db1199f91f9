RUN echo "a b"
ENV A="1" \
	B="2"
ENV C="x	y"
LABEL a="x	y"
