# ---
# targets: [aws]
# aws:
#   components:
#     ic-known: arn:aws:imagebuilder:us-west-2:123456789012:component/known/1.0.0/2
#     acs:ecs:cn-hangzhou:1234567890123456:imagecomponent/chrony/1.*.*: arn:aws:imagebuilder:us-west-2:aws:component/chrony/1.x.x
# ---
FROM IMAGE:m-bp67acfmxazb4p****
COMPONENT ic-known --size "10 GB"
COMPONENT acs:ecs:cn-hangzhou:1234567890123456:imagecomponent/chrony/1.*.*
