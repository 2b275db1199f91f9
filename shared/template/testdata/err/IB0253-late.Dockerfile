RUN true
# ---
# name: web

# descripton: web tier
# ---
ENV A
