RUN trap "echo bye > /ROOT/bye" EXIT; exit 3
RUN touch /ROOT/never
