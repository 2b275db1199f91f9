# ---
# name: web
# internetMaxBandwidthOut: 0
# vSwitchId: vsw-bp67acfmxazb4p****
# ---
FROM IMAGE:m-bp67acfmxazb4p****
RUN curl -fsS -o /opt/a https://example.com/a
