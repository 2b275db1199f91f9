RUN mkdir -p /ROOT/src && echo x > /ROOT/src/f && chmod 640 /ROOT/src/f
COPY /ROOT/src/f /ROOT/dst
RUN stat -c "%n %a" /ROOT/dst/* > /ROOT/out
