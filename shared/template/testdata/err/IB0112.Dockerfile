COPY a
COPY a b c
COPY --chown=a b c
COPY "a b" /c
COPY /a/*.rpm /tmp/
COPY ["/a", "/b"]
