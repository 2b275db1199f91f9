LABEL team="web" note="it's"
ENV V="1"
LABEL version="$V"
RUN true
