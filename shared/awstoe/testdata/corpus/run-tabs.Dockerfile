RUN	printf "%s\n" "a	b"	> /ROOT/out
