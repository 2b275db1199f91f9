#---
# name: web
# ----
RUN a
# ---
#--- test
# ---- TESTS
