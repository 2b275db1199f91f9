# refused: IB0516
FROM IMAGE:m-bp67acfmxazb4p****
