# ib: InfiniBand drivers
# ib:info, and docs/lib:ignore
  #ib:ignore IB0115 - the array is meant
RUN ["true"]
# ib:ignore	IB0143 , IB0012: the value holds quotes
env A='"b"'
