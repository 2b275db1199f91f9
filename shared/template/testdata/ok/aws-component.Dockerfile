# ---
# targets: [aws]
# aws: {components: {ic-known: 'arn:aws:imagebuilder:us-west-2:123456789012:component/known/1.0.0'}}
# ---
COMPONENT ic-known
RUN true
