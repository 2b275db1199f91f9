FROM IMAGE:m-bp67acfmxazb4p****
RUN cd /opt/app && make
RUN export A=b; ./configure
RUN (cd /opt/app) && echo 'cd /opt' && [ -d /opt ] && source /opt/install.sh
RUN make && if true; then cd /opt; fi
