# ---
# nmae: crlf
# ---
RUN true
EXPOSE 80
