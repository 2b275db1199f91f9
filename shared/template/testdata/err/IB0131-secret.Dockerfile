FROM IMAGE:m-bp67acfmxazb4p
COMPONENT acs:ecs:cn-hangzhou:1234567890123456:imagecomponent/LTAI5tAbCdEfGhIjKlMnOpQr:1.0.0
