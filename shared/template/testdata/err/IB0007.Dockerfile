RUN	yum update -y
RUN ls /tmp
RUN a \  
  b
