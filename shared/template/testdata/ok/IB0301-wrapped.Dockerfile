FROM IMAGE:m-bp67acfmxazb4p****
ENV VERSION="1.24.0"
RUN $SUDO yum install -y nginx && ${SUDO} dnf module enable -y nodejs:20
RUN yum $YUM_OPTIONS install nginx && dnf module list && yum groups mark convert
RUN for option in -y -q; do yum install $option nginx; done
RUN for p in nginx "-y redis" $MORE; do yum install $p; done
RUN eval "echo yum install a" && command -v yum && exec < /etc/motd
RUN conda clean -afy && yum install -y nginx-$VERSION
