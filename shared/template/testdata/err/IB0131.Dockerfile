FROM IMAGE:m-bp67acfmxazb4p****
COMPONENT
COMPONENT i-bp67acfmxazb4p
COMPONENT acs:ecs:cn-hangzhou:1234567890123456:imagecomponent/web:1.0.0
COMPONENT acs:ecs:cn-hangzhou:1234567890123456:imagecomponent/web/1.*.0
COMPONENT acs:ecs:cn-hangzhou:1234567890123456:imagecomponent/w/1.0.0
COMPONENT acs:ecs::1:imagecomponent/web/1.0.0
COMPONENT ic-UPPER
COMPONENT ic-bp67 --port
COMPONENT ic-bp67 --port 1 --port 2
COMPONENT ic-bp67 port 1
# --- test
COMPONENT ic-
