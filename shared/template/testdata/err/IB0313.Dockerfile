# ---
# name: web
# internetMaxBandwidthOut: 0
# ---
FROM IMAGE:m-bp67acfmxazb4p****
COPY https://example.com/a /opt/
RUN curl -fsS -o /opt/a https://example.com/a
RUN git clone https://github.com/example/a.git && pip install https://example.com/a.whl
