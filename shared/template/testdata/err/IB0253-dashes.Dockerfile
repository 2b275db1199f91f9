# —
# name: web
# –-
# — a remark
FROM IMAGE:m-1234
# ————
# — test
