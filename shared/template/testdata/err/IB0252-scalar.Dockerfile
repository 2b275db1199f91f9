# ---
# just words
# ---
RUN a
