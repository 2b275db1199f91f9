# ib:ignore
RUN true
# ib:ignore IB0115
RUN ["true"]
# ib:ignore the array is meant
RUN ["true"]
# ib:ignore IB1115,IB0115 the array is meant
RUN ["true"]
# ib:ignore IB0010 a heredoc is nicer
RUN cat <<EOF
a
EOF
# ib:ignore IB0115 IB0012 the array is meant
run ["true"]
# ib:ignroe IB0115 the array is meant
RUN ["true"]
#IB:IGNORE IB0115 the array is meant
RUN ["true"]
# ib:ignore:IB0115 the array is meant
RUN ["true"]
# ib:ignore ,IB0115 the array is meant
RUN ["true"]
# ib:ignore IB0115 -
RUN ["true"]
