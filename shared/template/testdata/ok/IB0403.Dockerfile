FROM IMAGE:m-bp67acfmxazb4p****
ENV DB_PASSWORD_FILE="/run/secrets/db" TOKEN_TTL="3600" PATH="/opt/bin:$PATH" KEYBOARD="us"
RUN export TOKEN=$(cat /run/token) && PASSWORD= make && unset TOKEN && PWD=/opt make
