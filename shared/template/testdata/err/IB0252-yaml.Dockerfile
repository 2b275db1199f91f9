# ---
# name: [web
# description: x
# ---
RUN a
