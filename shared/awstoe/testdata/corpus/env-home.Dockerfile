ENV HOME="/ROOT/home" OLD="$HOME"
RUN echo ~ "$HOME" "$OLD" > /ROOT/out
