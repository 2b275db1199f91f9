FROM IMAGE:m-bp67acfmxazb4p****
RUN yum install -y nginx | tee /var/log/install.log
RUN curl -fsS https://example.com/list | sort > /opt/list
RUN cd /opt/src && make 2>&1 | tail -n 20
RUN set -o pipefail && set +o pipefail && pip install a | grep -c b | tee /opt/count
RUN VERSION=$(curl -fsS https://example.com/latest | cut -d. -f1) && echo "$VERSION"
RUN bash -c 'curl -fsS https://example.com/a | sed s/a/b/ > /opt/a'
