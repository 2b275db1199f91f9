# ---
# name: platform-golden
# description: every service of the platform on one image, near both limits
# tags: {team: platform, rebuild: weekly}
# imageOptions: {imageName: platform, imageFamily: platform-golden}
# ---
FROM IMAGE_FAMILY:acs:alibaba_cloud_linux_3_2104_lts_x64
LABEL maintainer="ops@example.com" org.opencontainers.image.title="platform-golden"
ENV LANG="C.UTF-8" PLATFORM_HOME="/opt/platform" PLATFORM_ENV="production"
WORKDIR /opt/platform
RUN yum install -y nginx nginx-tools \
  && yum clean all \
  && systemctl enable nginx
RUN set -eu; id nginx >/dev/null 2>&1 || useradd --system --no-create-home --shell /sbin/nologin nginx
COPY /opt/source/nginx.conf /etc/nginx/nginx.conf
RUN sed -i -e 's/^#*max_connections.*/max_connections = 512/' -e '/^debug/d' /etc/nginx/nginx.conf
ENV NGINX_HOME="/opt/platform/nginx" NGINX_OPTS="--config /etc/nginx/nginx.conf --log.level=info"
RUN for d in conf data log run; do mkdir -p "/opt/platform/nginx/$d" && chown nginx:nginx "/opt/platform/nginx/$d"; done
RUN if ! grep -q '^nginx' /etc/security/limits.conf; then \
    printf '%s soft nofile 65536\n%s hard nofile 65536\n' nginx nginx >> /etc/security/limits.conf; \
  fi
RUN curl --fail -sS --output /tmp/nginx.tar.gz \
    "https://mirrors.example.com/nginx/nginx-1.2.3.linux-amd64.tar.gz" \
  # the sum stands beside the archive
  && echo "$(cat /opt/source/nginx.sha256)  /tmp/nginx.tar.gz" | sha256sum --check \
  && tar -xzf /tmp/nginx.tar.gz -C /opt/platform/nginx
RUN yum install -y redis redis-tools \
  && yum clean all \
  && systemctl enable redis
RUN set -eu; id redis >/dev/null 2>&1 || useradd --system --no-create-home --shell /sbin/nologin redis
COPY /opt/source/redis.conf /etc/redis/redis.conf
RUN sed -i -e 's/^#*max_connections.*/max_connections = 512/' -e '/^debug/d' /etc/redis/redis.conf
ENV REDIS_HOME="/opt/platform/redis" REDIS_OPTS="--config /etc/redis/redis.conf --log.level=info"
RUN for d in conf data log run; do mkdir -p "/opt/platform/redis/$d" && chown redis:redis "/opt/platform/redis/$d"; done
RUN if ! grep -q '^redis' /etc/security/limits.conf; then \
    printf '%s soft nofile 65536\n%s hard nofile 65536\n' redis redis >> /etc/security/limits.conf; \
  fi
RUN curl --fail -sS --output /tmp/redis.tar.gz \
    "https://mirrors.example.com/redis/redis-1.2.3.linux-amd64.tar.gz" \
  # the sum stands beside the archive
  && echo "$(cat /opt/source/redis.sha256)  /tmp/redis.tar.gz" | sha256sum --check \
  && tar -xzf /tmp/redis.tar.gz -C /opt/platform/redis
RUN yum install -y postgresql postgresql-tools \
  && yum clean all \
  && systemctl enable postgresql
RUN set -eu; id postgresql >/dev/null 2>&1 || useradd --system --no-create-home --shell /sbin/nologin postgresql
COPY /opt/source/postgresql.conf /etc/postgresql/postgresql.conf
RUN sed -i -e 's/^#*max_connections.*/max_connections = 512/' -e '/^debug/d' /etc/postgresql/postgresql.conf
ENV POSTGRESQL_HOME="/opt/platform/postgresql" POSTGRESQL_OPTS="--config /etc/postgresql/postgresql.conf --log.level=info"
RUN for d in conf data log run; do mkdir -p "/opt/platform/postgresql/$d" && chown postgresql:postgresql "/opt/platform/postgresql/$d"; done
RUN if ! grep -q '^postgresql' /etc/security/limits.conf; then \
    printf '%s soft nofile 65536\n%s hard nofile 65536\n' postgresql postgresql >> /etc/security/limits.conf; \
  fi
RUN curl --fail -sS --output /tmp/postgresql.tar.gz \
    "https://mirrors.example.com/postgresql/postgresql-1.2.3.linux-amd64.tar.gz" \
  # the sum stands beside the archive
  && echo "$(cat /opt/source/postgresql.sha256)  /tmp/postgresql.tar.gz" | sha256sum --check \
  && tar -xzf /tmp/postgresql.tar.gz -C /opt/platform/postgresql
RUN yum install -y chronyd chronyd-tools \
  && yum clean all \
  && systemctl enable chronyd
RUN set -eu; id chronyd >/dev/null 2>&1 || useradd --system --no-create-home --shell /sbin/nologin chronyd
COPY /opt/source/chronyd.conf /etc/chronyd/chronyd.conf
RUN sed -i -e 's/^#*max_connections.*/max_connections = 512/' -e '/^debug/d' /etc/chronyd/chronyd.conf
ENV CHRONYD_HOME="/opt/platform/chronyd" CHRONYD_OPTS="--config /etc/chronyd/chronyd.conf --log.level=info"
RUN for d in conf data log run; do mkdir -p "/opt/platform/chronyd/$d" && chown chronyd:chronyd "/opt/platform/chronyd/$d"; done
RUN if ! grep -q '^chronyd' /etc/security/limits.conf; then \
    printf '%s soft nofile 65536\n%s hard nofile 65536\n' chronyd chronyd >> /etc/security/limits.conf; \
  fi
RUN curl --fail -sS --output /tmp/chronyd.tar.gz \
    "https://mirrors.example.com/chronyd/chronyd-1.2.3.linux-amd64.tar.gz" \
  # the sum stands beside the archive
  && echo "$(cat /opt/source/chronyd.sha256)  /tmp/chronyd.tar.gz" | sha256sum --check \
  && tar -xzf /tmp/chronyd.tar.gz -C /opt/platform/chronyd
RUN yum install -y haproxy haproxy-tools \
  && yum clean all \
  && systemctl enable haproxy
RUN set -eu; id haproxy >/dev/null 2>&1 || useradd --system --no-create-home --shell /sbin/nologin haproxy
COPY /opt/source/haproxy.conf /etc/haproxy/haproxy.conf
RUN sed -i -e 's/^#*max_connections.*/max_connections = 512/' -e '/^debug/d' /etc/haproxy/haproxy.conf
ENV HAPROXY_HOME="/opt/platform/haproxy" HAPROXY_OPTS="--config /etc/haproxy/haproxy.conf --log.level=info"
RUN for d in conf data log run; do mkdir -p "/opt/platform/haproxy/$d" && chown haproxy:haproxy "/opt/platform/haproxy/$d"; done
RUN if ! grep -q '^haproxy' /etc/security/limits.conf; then \
    printf '%s soft nofile 65536\n%s hard nofile 65536\n' haproxy haproxy >> /etc/security/limits.conf; \
  fi
RUN curl --fail -sS --output /tmp/haproxy.tar.gz \
    "https://mirrors.example.com/haproxy/haproxy-1.2.3.linux-amd64.tar.gz" \
  # the sum stands beside the archive
  && echo "$(cat /opt/source/haproxy.sha256)  /tmp/haproxy.tar.gz" | sha256sum --check \
  && tar -xzf /tmp/haproxy.tar.gz -C /opt/platform/haproxy
RUN yum install -y keepalived keepalived-tools \
  && yum clean all \
  && systemctl enable keepalived
RUN set -eu; id keepalived >/dev/null 2>&1 || useradd --system --no-create-home --shell /sbin/nologin keepalived
COPY /opt/source/keepalived.conf /etc/keepalived/keepalived.conf
RUN sed -i -e 's/^#*max_connections.*/max_connections = 512/' -e '/^debug/d' /etc/keepalived/keepalived.conf
ENV KEEPALIVED_HOME="/opt/platform/keepalived" KEEPALIVED_OPTS="--config /etc/keepalived/keepalived.conf --log.level=info"
RUN for d in conf data log run; do mkdir -p "/opt/platform/keepalived/$d" && chown keepalived:keepalived "/opt/platform/keepalived/$d"; done
RUN if ! grep -q '^keepalived' /etc/security/limits.conf; then \
    printf '%s soft nofile 65536\n%s hard nofile 65536\n' keepalived keepalived >> /etc/security/limits.conf; \
  fi
RUN curl --fail -sS --output /tmp/keepalived.tar.gz \
    "https://mirrors.example.com/keepalived/keepalived-1.2.3.linux-amd64.tar.gz" \
  # the sum stands beside the archive
  && echo "$(cat /opt/source/keepalived.sha256)  /tmp/keepalived.tar.gz" | sha256sum --check \
  && tar -xzf /tmp/keepalived.tar.gz -C /opt/platform/keepalived
RUN yum install -y memcached memcached-tools \
  && yum clean all \
  && systemctl enable memcached
RUN set -eu; id memcached >/dev/null 2>&1 || useradd --system --no-create-home --shell /sbin/nologin memcached
COPY /opt/source/memcached.conf /etc/memcached/memcached.conf
RUN sed -i -e 's/^#*max_connections.*/max_connections = 512/' -e '/^debug/d' /etc/memcached/memcached.conf
ENV MEMCACHED_HOME="/opt/platform/memcached" MEMCACHED_OPTS="--config /etc/memcached/memcached.conf --log.level=info"
RUN for d in conf data log run; do mkdir -p "/opt/platform/memcached/$d" && chown memcached:memcached "/opt/platform/memcached/$d"; done
RUN if ! grep -q '^memcached' /etc/security/limits.conf; then \
    printf '%s soft nofile 65536\n%s hard nofile 65536\n' memcached memcached >> /etc/security/limits.conf; \
  fi
RUN curl --fail -sS --output /tmp/memcached.tar.gz \
    "https://mirrors.example.com/memcached/memcached-1.2.3.linux-amd64.tar.gz" \
  # the sum stands beside the archive
  && echo "$(cat /opt/source/memcached.sha256)  /tmp/memcached.tar.gz" | sha256sum --check \
  && tar -xzf /tmp/memcached.tar.gz -C /opt/platform/memcached
RUN yum install -y rsyslog rsyslog-tools \
  && yum clean all \
  && systemctl enable rsyslog
RUN set -eu; id rsyslog >/dev/null 2>&1 || useradd --system --no-create-home --shell /sbin/nologin rsyslog
COPY /opt/source/rsyslog.conf /etc/rsyslog/rsyslog.conf
RUN sed -i -e 's/^#*max_connections.*/max_connections = 512/' -e '/^debug/d' /etc/rsyslog/rsyslog.conf
ENV RSYSLOG_HOME="/opt/platform/rsyslog" RSYSLOG_OPTS="--config /etc/rsyslog/rsyslog.conf --log.level=info"
RUN for d in conf data log run; do mkdir -p "/opt/platform/rsyslog/$d" && chown rsyslog:rsyslog "/opt/platform/rsyslog/$d"; done
RUN if ! grep -q '^rsyslog' /etc/security/limits.conf; then \
    printf '%s soft nofile 65536\n%s hard nofile 65536\n' rsyslog rsyslog >> /etc/security/limits.conf; \
  fi
RUN curl --fail -sS --output /tmp/rsyslog.tar.gz \
    "https://mirrors.example.com/rsyslog/rsyslog-1.2.3.linux-amd64.tar.gz" \
  # the sum stands beside the archive
  && echo "$(cat /opt/source/rsyslog.sha256)  /tmp/rsyslog.tar.gz" | sha256sum --check \
  && tar -xzf /tmp/rsyslog.tar.gz -C /opt/platform/rsyslog
RUN yum install -y auditd auditd-tools \
  && yum clean all \
  && systemctl enable auditd
RUN set -eu; id auditd >/dev/null 2>&1 || useradd --system --no-create-home --shell /sbin/nologin auditd
COPY /opt/source/auditd.conf /etc/auditd/auditd.conf
RUN sed -i -e 's/^#*max_connections.*/max_connections = 512/' -e '/^debug/d' /etc/auditd/auditd.conf
ENV AUDITD_HOME="/opt/platform/auditd" AUDITD_OPTS="--config /etc/auditd/auditd.conf --log.level=info"
RUN for d in conf data log run; do mkdir -p "/opt/platform/auditd/$d" && chown auditd:auditd "/opt/platform/auditd/$d"; done
RUN if ! grep -q '^auditd' /etc/security/limits.conf; then \
    printf '%s soft nofile 65536\n%s hard nofile 65536\n' auditd auditd >> /etc/security/limits.conf; \
  fi
RUN curl --fail -sS --output /tmp/auditd.tar.gz \
    "https://mirrors.example.com/auditd/auditd-1.2.3.linux-amd64.tar.gz" \
  # the sum stands beside the archive
  && echo "$(cat /opt/source/auditd.sha256)  /tmp/auditd.tar.gz" | sha256sum --check \
  && tar -xzf /tmp/auditd.tar.gz -C /opt/platform/auditd
RUN yum install -y fail2ban fail2ban-tools \
  && yum clean all \
  && systemctl enable fail2ban
RUN set -eu; id fail2ban >/dev/null 2>&1 || useradd --system --no-create-home --shell /sbin/nologin fail2ban
COPY /opt/source/fail2ban.conf /etc/fail2ban/fail2ban.conf
RUN sed -i -e 's/^#*max_connections.*/max_connections = 512/' -e '/^debug/d' /etc/fail2ban/fail2ban.conf
ENV FAIL2BAN_HOME="/opt/platform/fail2ban" FAIL2BAN_OPTS="--config /etc/fail2ban/fail2ban.conf --log.level=info"
RUN for d in conf data log run; do mkdir -p "/opt/platform/fail2ban/$d" && chown fail2ban:fail2ban "/opt/platform/fail2ban/$d"; done
RUN if ! grep -q '^fail2ban' /etc/security/limits.conf; then \
    printf '%s soft nofile 65536\n%s hard nofile 65536\n' fail2ban fail2ban >> /etc/security/limits.conf; \
  fi
RUN curl --fail -sS --output /tmp/fail2ban.tar.gz \
    "https://mirrors.example.com/fail2ban/fail2ban-1.2.3.linux-amd64.tar.gz" \
  # the sum stands beside the archive
  && echo "$(cat /opt/source/fail2ban.sha256)  /tmp/fail2ban.tar.gz" | sha256sum --check \
  && tar -xzf /tmp/fail2ban.tar.gz -C /opt/platform/fail2ban
RUN yum install -y prometheus prometheus-tools \
  && yum clean all \
  && systemctl enable prometheus
RUN set -eu; id prometheus >/dev/null 2>&1 || useradd --system --no-create-home --shell /sbin/nologin prometheus
COPY /opt/source/prometheus.conf /etc/prometheus/prometheus.conf
RUN sed -i -e 's/^#*max_connections.*/max_connections = 512/' -e '/^debug/d' /etc/prometheus/prometheus.conf
ENV PROMETHEUS_HOME="/opt/platform/prometheus" PROMETHEUS_OPTS="--config /etc/prometheus/prometheus.conf --log.level=info"
RUN for d in conf data log run; do mkdir -p "/opt/platform/prometheus/$d" && chown prometheus:prometheus "/opt/platform/prometheus/$d"; done
RUN if ! grep -q '^prometheus' /etc/security/limits.conf; then \
    printf '%s soft nofile 65536\n%s hard nofile 65536\n' prometheus prometheus >> /etc/security/limits.conf; \
  fi
RUN curl --fail -sS --output /tmp/prometheus.tar.gz \
    "https://mirrors.example.com/prometheus/prometheus-1.2.3.linux-amd64.tar.gz" \
  # the sum stands beside the archive
  && echo "$(cat /opt/source/prometheus.sha256)  /tmp/prometheus.tar.gz" | sha256sum --check \
  && tar -xzf /tmp/prometheus.tar.gz -C /opt/platform/prometheus
RUN yum install -y grafana grafana-tools \
  && yum clean all \
  && systemctl enable grafana
RUN set -eu; id grafana >/dev/null 2>&1 || useradd --system --no-create-home --shell /sbin/nologin grafana
COPY /opt/source/grafana.conf /etc/grafana/grafana.conf
RUN sed -i -e 's/^#*max_connections.*/max_connections = 512/' -e '/^debug/d' /etc/grafana/grafana.conf
ENV GRAFANA_HOME="/opt/platform/grafana" GRAFANA_OPTS="--config /etc/grafana/grafana.conf --log.level=info"
RUN for d in conf data log run; do mkdir -p "/opt/platform/grafana/$d" && chown grafana:grafana "/opt/platform/grafana/$d"; done
RUN if ! grep -q '^grafana' /etc/security/limits.conf; then \
    printf '%s soft nofile 65536\n%s hard nofile 65536\n' grafana grafana >> /etc/security/limits.conf; \
  fi
RUN curl --fail -sS --output /tmp/grafana.tar.gz \
    "https://mirrors.example.com/grafana/grafana-1.2.3.linux-amd64.tar.gz" \
  # the sum stands beside the archive
  && echo "$(cat /opt/source/grafana.sha256)  /tmp/grafana.tar.gz" | sha256sum --check \
  && tar -xzf /tmp/grafana.tar.gz -C /opt/platform/grafana
RUN yum install -y consul consul-tools \
  && yum clean all \
  && systemctl enable consul
RUN set -eu; id consul >/dev/null 2>&1 || useradd --system --no-create-home --shell /sbin/nologin consul
COPY /opt/source/consul.conf /etc/consul/consul.conf
RUN sed -i -e 's/^#*max_connections.*/max_connections = 512/' -e '/^debug/d' /etc/consul/consul.conf
ENV CONSUL_HOME="/opt/platform/consul" CONSUL_OPTS="--config /etc/consul/consul.conf --log.level=info"
RUN for d in conf data log run; do mkdir -p "/opt/platform/consul/$d" && chown consul:consul "/opt/platform/consul/$d"; done
RUN if ! grep -q '^consul' /etc/security/limits.conf; then \
    printf '%s soft nofile 65536\n%s hard nofile 65536\n' consul consul >> /etc/security/limits.conf; \
  fi
RUN curl --fail -sS --output /tmp/consul.tar.gz \
    "https://mirrors.example.com/consul/consul-1.2.3.linux-amd64.tar.gz" \
  # the sum stands beside the archive
  && echo "$(cat /opt/source/consul.sha256)  /tmp/consul.tar.gz" | sha256sum --check \
  && tar -xzf /tmp/consul.tar.gz -C /opt/platform/consul
RUN yum install -y vault vault-tools \
  && yum clean all \
  && systemctl enable vault
RUN set -eu; id vault >/dev/null 2>&1 || useradd --system --no-create-home --shell /sbin/nologin vault
COPY /opt/source/vault.conf /etc/vault/vault.conf
RUN sed -i -e 's/^#*max_connections.*/max_connections = 512/' -e '/^debug/d' /etc/vault/vault.conf
ENV VAULT_HOME="/opt/platform/vault" VAULT_OPTS="--config /etc/vault/vault.conf --log.level=info"
RUN for d in conf data log run; do mkdir -p "/opt/platform/vault/$d" && chown vault:vault "/opt/platform/vault/$d"; done
RUN if ! grep -q '^vault' /etc/security/limits.conf; then \
    printf '%s soft nofile 65536\n%s hard nofile 65536\n' vault vault >> /etc/security/limits.conf; \
  fi
RUN curl --fail -sS --output /tmp/vault.tar.gz \
    "https://mirrors.example.com/vault/vault-1.2.3.linux-amd64.tar.gz" \
  # the sum stands beside the archive
  && echo "$(cat /opt/source/vault.sha256)  /tmp/vault.tar.gz" | sha256sum --check \
  && tar -xzf /tmp/vault.tar.gz -C /opt/platform/vault
RUN yum install -y nomad nomad-tools \
  && yum clean all \
  && systemctl enable nomad
RUN set -eu; id nomad >/dev/null 2>&1 || useradd --system --no-create-home --shell /sbin/nologin nomad
COPY /opt/source/nomad.conf /etc/nomad/nomad.conf
RUN sed -i -e 's/^#*max_connections.*/max_connections = 512/' -e '/^debug/d' /etc/nomad/nomad.conf
ENV NOMAD_HOME="/opt/platform/nomad" NOMAD_OPTS="--config /etc/nomad/nomad.conf --log.level=info"
RUN for d in conf data log run; do mkdir -p "/opt/platform/nomad/$d" && chown nomad:nomad "/opt/platform/nomad/$d"; done
RUN if ! grep -q '^nomad' /etc/security/limits.conf; then \
    printf '%s soft nofile 65536\n%s hard nofile 65536\n' nomad nomad >> /etc/security/limits.conf; \
  fi
RUN curl --fail -sS --output /tmp/nomad.tar.gz \
    "https://mirrors.example.com/nomad/nomad-1.2.3.linux-amd64.tar.gz" \
  # the sum stands beside the archive
  && echo "$(cat /opt/source/nomad.sha256)  /tmp/nomad.tar.gz" | sha256sum --check \
  && tar -xzf /tmp/nomad.tar.gz -C /opt/platform/nomad
RUN yum install -y etcd etcd-tools \
  && yum clean all \
  && systemctl enable etcd
RUN set -eu; id etcd >/dev/null 2>&1 || useradd --system --no-create-home --shell /sbin/nologin etcd
COPY /opt/source/etcd.conf /etc/etcd/etcd.conf
