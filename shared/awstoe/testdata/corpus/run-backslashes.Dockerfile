RUN printf "%s\n" "a\\b" "c\d" 'e\f' 'g\\h' i\\j > /ROOT/a
RUN printf '%b' 'x\ty\n' > /ROOT/b
RUN echo end\\ > /ROOT/c
