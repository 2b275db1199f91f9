FROM IMAGE:m-bp67acfmxazb4p****
RUN useradd -m -s /bin/bash app && usermod -p '!' app && echo "root:$PASSWORD" | chpasswd
RUN curl -fsS -u "$CREDENTIALS" https://example.com/ -o a && mysql -u root -e 'SELECT 1' && git clone https://git@example.com/a.git
RUN curl -fsS -H "Authorization: Bearer $(cat /run/token)" -H 'Authorization: Bearer <token>' https://example.com/ -o b && aws configure set region cn-north-1
RUN sshpass -f /run/password ssh app@example.com true && sshpass -p "$PASSWORD" ssh app@example.com true
COPY https://example.com/@app:1/c /opt
