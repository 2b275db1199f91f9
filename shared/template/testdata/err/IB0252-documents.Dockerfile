# ---
# name: web
# --- second
# name: db
# ---
RUN a
