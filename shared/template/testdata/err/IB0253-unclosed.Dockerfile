# ---
# name: web
# nmae: x
RUN a
