FROM IMAGE:m-bp67acfmxazb4p
COMPONENT ic-bp67acfmxazb4p --db_password "hunter2 hunter2" --token-file /run/token --size 3 --api_token \
  abc123def
LABEL secret="hunter2hunter2" team="web"
