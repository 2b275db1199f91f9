# ---
# # ib:ignore IB0202 nothing
# name: web
# ---
# ib:ignore IB0140,IB0115,IB0141 the array is meant
# ib:ignroe IB0012 it is meant so
run ["true"]
# ib:ignore IB0012 IB0115 it is meant so
run ["true"]
RUN true && \
  # ib:ignore IB0009 nothing
  true
# ib:ignore IB0009 nothing
