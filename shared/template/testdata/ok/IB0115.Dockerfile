RUN [ -f /etc/os-release ] && true
