FROM IMAGE:m-bp67acfmxazb4p****
RUN curl -o /opt/a https://example.com/a
RUN curl -sSL https://example.com/a > /opt/a && set -o pipefail && curl -LO "https://example.com/$VERSION/a"
# --- test
RUN curl http://127.0.0.1/ || exit 1
