LABEL a
LABEL a="b" c
LABEL ="b"
