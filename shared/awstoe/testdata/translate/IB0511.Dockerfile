FROM IMAGE:m-bp67acfmxazb4p****
COMPONENT ic-bp67acfmxazb4p****
COMPONENT ic-known --size "10 GB"
RUN true
