# ---
# name: web
# This: installs [things
RUN a
