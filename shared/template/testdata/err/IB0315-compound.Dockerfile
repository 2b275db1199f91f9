FROM IMAGE:m-bp67acfmxazb4p****
RUN if [ -f /etc/redhat-release ]; then yum install -y nginx; else apt-get install -y nginx; fi; systemctl enable nginx
RUN for p in a b; do pip install "$p"; done; echo done
RUN (set -e; true); yum install -y nginx; systemctl enable nginx
RUN bash ./setup.sh; echo done
