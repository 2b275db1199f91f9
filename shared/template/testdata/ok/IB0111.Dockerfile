ENV A="b" C="d e"
