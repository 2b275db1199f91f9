# ---
# targets: [aws]
# aws: {components: {ic-known: "arn:aws:imagebuilder:us-west-2:123456789012:component/known/1.0.0"}}
# ---
FROM IMAGE:m-bp67acfmxazb4p****
COMPONENT ic-bp67acfmxazb4p****
COMPONENT ic-known --size "10 GB"
RUN true
