FROM IMAGE:m-bp67acfmxazb4p****
RUN curl -sSLO https://example.com/app-$VERSION.tar.gz && tar xzf app-$VERSION.tar.gz
RUN curl -sSLo /opt/agent.rpm https://example.com/agent.rpm
RUN rpm -U /opt/agent.rpm
RUN curl -sSL https://example.com/b.zip > b.zip && unzip -q b.zip
RUN curl -sSL --output=/usr/local/bin/tool https://example.com/tool && echo '3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855e  /usr/local/bin/tool' | sha256sum -c
