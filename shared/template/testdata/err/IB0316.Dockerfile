FROM IMAGE:m-bp67acfmxazb4p****
RUN systemctl enable nginx && sleep infinity
RUN nginx -g 'daemon off;'
RUN tail -f /dev/null
RUN while true; do date; sleep 60; done
RUN ping example.com
# --- test
RUN until curl -sf http://127.0.0.1/; do sleep 1; done
RUN while ! systemctl is-active nginx; do echo waiting; sleep 1; done
