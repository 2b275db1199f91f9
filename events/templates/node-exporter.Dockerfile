# ---
# name: node-exporter
# description: Prometheus node exporter as a service, checksum verified
# tags: {team: observability, tier: base}
# targets: [alibaba, aws]
# aws: {semanticVersion: 1.8.2, supportedOsVersions: [Amazon Linux 2023]}
# ---
WORKDIR /opt/node-exporter
RUN curl --fail --silent --show-error --location --output node_exporter.tar.gz \
      https://github.com/prometheus/node_exporter/releases/download/v1.8.2/node_exporter-1.8.2.linux-amd64.tar.gz
# The checksum is the one of the release page; a changed file must not get in.
RUN echo '6809dd0b3ec45fd6e992c19071d6b5253aed3ead7bf0686885a51d85c6643c66  node_exporter.tar.gz' | sha256sum --check
RUN tar --extract --gzip --strip-components 1 --file node_exporter.tar.gz && rm node_exporter.tar.gz
RUN useradd --system --no-create-home --shell /sbin/nologin node-exporter
RUN printf '%s\n' '[Unit]' 'Description=Prometheus node exporter' 'After=network-online.target' \
      '[Service]' 'User=node-exporter' 'ExecStart=/opt/node-exporter/node_exporter' 'Restart=on-failure' \
      '[Install]' 'WantedBy=multi-user.target' > /etc/systemd/system/node-exporter.service
RUN systemctl enable node-exporter
