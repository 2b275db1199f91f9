# ---
# name: web
descripton: web tier
tags:
  team: web

# ---
RUN true
