# ---
# name: query
# targets: [aws]
# ---
COPY https://example.s3.amazonaws.com/agent.rpm?X-Amz-Expires=300&X-Amz-Signature=4f5a9d1c7be08263 /opt/
COPY https://example.com/agent.rpm?build=7&access_token=made4711up22 /opt/
COPY https://example.com/agent.rpm?token=latest&token_file=made4711up22 /opt/
