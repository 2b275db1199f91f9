FROM IMAGE:m-bp67acfmxazb4p****
RUN useradd -m -s /bin/bash app && usermod -p '!' app && echo "root:$PASSWORD" | chpasswd
RUN curl -fsS -u "$CREDENTIALS" https://example.com/ -o a && mysql -u root -e 'SELECT 1' && git clone https://git@example.com/a.git
