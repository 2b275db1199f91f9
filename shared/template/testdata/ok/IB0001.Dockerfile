# a comment
RUN yum update -y
