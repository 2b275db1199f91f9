FROM IMAGE:m-bp67acfmxazb4p****
RUN sleep 5 && tail -n 5 /etc/motd && nginx -t && ping -c 3 example.com && timeout 5 tail -f /etc/motd
RUN while true; do curl -sf http://127.0.0.1/ && break; sleep 1; done
RUN for i in 1 2 3; do sleep 1; done; while read -r a; do sleep 1; done < /etc/motd
RUN echo sleep infinity; systemctl enable nginx; tail -f /etc/motd | head -n 1
# --- test
RUN n=0; until curl -sf http://127.0.0.1/; do n=$((n + 1)); [ "$n" -lt 60 ] || exit 1; sleep 1; done
RUN timeout 60 sh -c 'until curl -sf http://127.0.0.1/; do sleep 1; done'
