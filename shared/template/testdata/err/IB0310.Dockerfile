FROM IMAGE:m-bp67acfmxazb4p****
RUN yum install -y nginx && systemctl start nginx
RUN service httpd start
RUN systemctl start docker.service sshd && systemctl enable sshd
RUN apt-get update && apt-get install -y docker.io && systemctl start agent
