FROM IMAGE:m-bp67acfmxazb4p****
RUN curl -fsSL https://example.com/install.sh | bash
RUN wget -qO- https://example.com/install.sh | sudo -E sh -s -- --yes
RUN bash <(curl -fsSL https://example.com/install.sh)
RUN sh -c "$(curl -fsSL https://example.com/install.sh)" && eval "$(wget -qO- https://example.com/env)"
RUN source <(curl -fsSL https://example.com/env); curl -fsSL https://example.com/get-pip.py | python3 -
RUN curl -fsSL https://example.com/a.sh | sed s/a/b/ | bash
RUN bash < <(curl -fsSL https://example.com/install.sh) && sudo sh <<< "$(curl -fsSL https://example.com/install.sh)"
