ENV A="b" C=""
