FROM IMAGE:m-bp67acfmxazb4p****
COMPONENT ic-bp67acfmxazb4p**** --size 'a b'
COMPONENT ic-bp67acfmxazb4p**** -size a
COMPONENT ic-bp67acfmxazb4p**** --size=a
COMPONENT ic-bp67acfmxazb4p**** --size --port 80
COMPONENT ic-bp67acfmxazb4p**** --size 10 GB
COMPONENT ic-bp67acfmxazb4p**** \
  # the port
  --port 80 \
  --port 81
COMPONENT ic-bp67acfmxazb4p**** # the newest
COMPONENT acs:ecs:cn-hangzhou:1234567890123456:imagecomponent/web
COMPONENT acs:ecs:cn-hangzhou:1234567890123456:imagecomponent/web/latest
COMPONENT acs:ecs:cn-hangzhou:1234567890123456:imagecomponent/web/*
COMPONENT acs:ecs:Hangzhou:1234567890123456:imagecomponent/web/1.0.0
