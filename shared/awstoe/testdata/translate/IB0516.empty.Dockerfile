LABEL a="b"
