FROM IMAGE:m-bp67acfmxazb4p****
RUN set -o pipefail; yum install -y nginx | tee /var/log/install.log
RUN set -euo pipefail && curl -fsS https://example.com/list | sort > /opt/list
RUN bash -o pipefail -c 'make | tee /opt/log'
RUN curl -fsS https://example.com/a.tar.gz | tar xz -C /opt && curl -fsS https://example.com/key | gpg --dearmor -o /opt/key
RUN rpm -qa | sort > /opt/packages && cat /etc/os-release | head -n 1 && yes | cp -r /opt /srv
RUN yum install -y a | tee /opt/log || true
RUN if curl -fsS https://example.com | grep -q up; then echo up; fi
RUN curl --version | head -n 1 && java -version 2>&1 | head -n 1
RUN make | tee /opt/log; test "${PIPESTATUS[0]}" -eq 0
RUN ID=$(curl -s http://100.100.100.200/latest/meta-data/instance-id | cut -c3-) && echo "$ID"
RUN VERSION=$(curl -fsS https://example.com/latest | python3 -c 'import json, sys; print(json.load(sys.stdin)["tag"])') && echo "$VERSION"
RUN curl -fsS https://example.com/latest | python3 -m json.tool > /opt/latest
