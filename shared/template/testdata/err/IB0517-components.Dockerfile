# ---
# targets: [alibaba, aws]
# aws:
#   components:
#     ic-known: arn:aws:imagebuilder:us-west-2:123456789012:component/known
#     known: arn:aws:imagebuilder:us-west-2:aws:component/known/1.x.x
#     acs:ecs:cn-hangzhou:1234567890123456:imagecomponent/chrony:1.0.0: ""
# ---
FROM IMAGE:m-bp67acfmxazb4p****
COMPONENT ic-known
