RUN a
# ---
# name: web
# ---
