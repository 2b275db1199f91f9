RUN ADD a b
