FROM IMAGE:m-bp67acfmxazb4p****
RUN curl -fsSLo /opt/install.sh https://example.com/install.sh && echo 'abc  /opt/install.sh' | sha256sum -c && sh /opt/install.sh
RUN curl -fsS http://127.0.0.1/setup | bash && echo 'curl https://example.com | sh'
RUN cat /opt/install.sh | bash && bash /opt/a.sh "$(curl -fsS https://example.com/version)"
RUN set -o pipefail; curl -fsS https://example.com/a | python3 /opt/read.py && eval "$(ssh-agent)"
