FROM IMAGE:m-bp67acfmxazb4p****
RUN aliyun configure set --access-key-id LTAI5tQ7mZ2kV9xW4bR8cN6d
# AKIAQ7MZ2KV5XW4BR6CN in a comment
ENV TOOL="AKIAQ7MZ2KV5XW4BR6CN"
LABEL token="ghp_aB3dE6gH9jK2mN5pQ8sT1vW4xY7zA0cD3fG6"
RUN aws configure set aws_access_key_id AKIAIOSFODNN7EXAMPLE
