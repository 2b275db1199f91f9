RUN printf '%s\n' 'FROM scratch \
RUN true' \
    "RUN true" > /srv/Dockerfile && \
    RUNNER=1 USER=web true && env -i \
    user run
ENV USER="web" \
    CMD="start"
LABEL from="here" \
      RUN="there"
RUN case "$1" in \
    RUN) true ;; \
    esac
