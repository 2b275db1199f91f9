# ---
# targets: [aws]
# description: word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word 
# vSwitchId: not-one
# ---
FROM IMAGE:m-bp67acfmxazb4p****
RUN true
