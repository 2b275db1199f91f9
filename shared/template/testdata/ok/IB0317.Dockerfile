FROM IMAGE:m-bp67acfmxazb4p****
RUN ./a & ./b & wait
RUN ./server & sleep 5 && curl -fsS http://127.0.0.1/ && kill $!
RUN echo 'a &' && make 2>&1
# --- test
RUN ./server &
