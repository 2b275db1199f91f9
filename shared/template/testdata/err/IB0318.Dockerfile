FROM IMAGE:m-bp67acfmxazb4p****
RUN curl -o /opt/a https://example.com/a
RUN curl -sSL https://example.com/a > /opt/a && set -o pipefail && curl -LO "https://example.com/$VERSION/a"
# --- test
RUN curl http://127.0.0.1/ || exit 1
RUN [ -n "$(curl -s http://127.0.0.1/)" ] && [ "$(curl -s http://127.0.0.1/)" != "" ] && [[ -n $(curl -s http://127.0.0.1/) && -e /opt/a ]]
RUN test; curl http://127.0.0.1/
