---
name: web
---
RUN true
