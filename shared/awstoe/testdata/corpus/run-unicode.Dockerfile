ENV NAME="Zoë 世界 🎈"
RUN echo "$NAME — ß“„” x" > "/ROOT/ünï—世界"
RUN printf '%s' '  ​' | od -c > /ROOT/od
