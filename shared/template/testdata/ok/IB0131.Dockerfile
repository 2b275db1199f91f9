FROM IMAGE:m-bp67acfmxazb4p****
COMPONENT ic-bp12dvdzvr9k9***** --port 80 --greeting "hello world"
COMPONENT acs:ecs:cn-hangzhou:1234567890123456:imagecomponent/web:tier/1.2.3
# --- test
COMPONENT ic-bp12dvdzvr9k9*****
