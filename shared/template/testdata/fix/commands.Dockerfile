ENV LANG C.UTF-8
ENV JAVA_HOME /opt/java home
ENV A=b C='d e' D="f" E=$HOME/bin F=
ENV G=a\ b H='$x'
ENV I "j"
ENV K l # a comment
LABEL maintainer ops@example.com
LABEL a b c
CMD ['/usr/bin/app', '--port', '80']
RUN ["yum", "install", "-y", "nginx"]
RUN ["bash", "-c", "echo $HOME && true"]
RUN ["time", "ls"]
RUN ["echo", "it's"]
RESTART
RESTART
RUN echo a b
RUN　true \  
  && true 
RUN a﻿b
RUN apt-get install foo && \
