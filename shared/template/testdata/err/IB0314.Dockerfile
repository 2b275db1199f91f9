FROM IMAGE:m-bp67acfmxazb4p****
RUN cd /opt/app
RUN yum install -y java && export JAVA_HOME=/usr/lib/jvm
RUN source /etc/profile
RUN umask 027; cd /opt
