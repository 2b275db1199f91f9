COMPONENT ic-bp67acfmxazb4p****
