# ---
# name: nothing
# targets: [aws]
# ---
# no command
