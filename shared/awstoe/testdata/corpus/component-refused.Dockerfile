# refused: IB0511
FROM IMAGE:m-bp67acfmxazb4p****
COMPONENT ic-bp67acfmxazb4p****
RUN touch /ROOT/a
