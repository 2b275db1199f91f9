#---
# name: web
RUN true
