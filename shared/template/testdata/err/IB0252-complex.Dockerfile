# ---
# ? [a, b]
# : c
# ? {x: y}
# : z
# 1: x
# ---
FROM IMAGE:m-1234
