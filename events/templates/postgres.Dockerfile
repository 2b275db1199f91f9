# ---
# name: postgres-15
# description: PostgreSQL 15 with its data directory on the data disk
# baseImageType: IMAGE_FAMILY
# baseImage: acs:debian_12_x64
# instanceType: ecs.g6.large
# systemDiskSize: 60
# internetMaxBandwidthOut: 10
# imageOptions:
#   imageName: postgres-15
#   imageFamily: postgres-15
#   imageTags: {team: data}
# tags: {team: data}
# ---
ENV DEBIAN_FRONTEND="noninteractive"
RUN apt-get update && apt-get install -y --no-install-recommends postgresql-15 && rm -rf /var/lib/apt/lists/*
RUN install --directory --owner postgres --group postgres --mode 0700 /data/postgresql
RUN sed --in-place "s|^data_directory = .*|data_directory = '/data/postgresql'|" /etc/postgresql/15/main/postgresql.conf
RUN systemctl disable postgresql
# --- test
RUN /usr/lib/postgresql/15/bin/postgres --version | grep --quiet '15\.'
