FROM IMAGE:m-bp67acfmxazb4p****
RUN curl -fo /opt/a https://example.com/a && curl -sSfL https://example.com/a && curl --fail https://example.com/a
RUN curl -sSL https://example.com/a.tgz | tar xz && curl --fail-with-body https://example.com/a && curl -I https://example.com
RUN curl -s -o /dev/null -w '%{http_code}' https://example.com && curl $OPTIONS https://example.com && curl -XPOST https://example.com
RUN curl -s http://100.100.100.200/latest/meta-data/instance-id && echo curl https://example.com && curl --version
# --- test
RUN curl -s http://127.0.0.1/ | grep -q welcome
RUN test "$(curl -s http://127.0.0.1/health)" = ok && [ "$(curl -s http://127.0.0.1/count)" -gt 0 ] && [[ $(curl -s http://127.0.0.1/) == *ok* ]]
RUN case $(curl -s http://127.0.0.1/health) in ok) ;; *) exit 1 ;; esac
