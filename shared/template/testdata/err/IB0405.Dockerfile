FROM IMAGE:m-bp67acfmxazb4p****
RUN echo 'root:made-up' | chpasswd && echo made-up | passwd --stdin app
RUN useradd -m -p '$6$made$up' app
RUN curl -fsS -u app:made-up https://example.com/ -o a && mysql -u root -pmade-up -e 'SELECT 1'
RUN git clone https://app:made-up@example.com/a.git && wget -nv https://app:made-up@example.com/a
RUN sshpass -p made-up ssh app@example.com true; aws configure set aws_secret_access_key made-up; PGPASSWORD=made-up psql -c "select 1"
RUN curl -fsS -H "Authorization: Bearer made-up" https://example.com/ -o b && aliyun configure set --access-key-secret made-up
COPY https://app:made-up@example.com/c /opt
