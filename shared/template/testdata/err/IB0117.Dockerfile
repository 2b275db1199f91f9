WORKDIR /a b
USER "a b"
