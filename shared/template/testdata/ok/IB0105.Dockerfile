COPY \
  /a /b
