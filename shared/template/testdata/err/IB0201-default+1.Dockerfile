RUN yum update -y
