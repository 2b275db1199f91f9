FROM IMAGE:m-bp67acfmxazb4p****
RUN $SUDO yum install nginx && ${SUDO} dnf module enable nodejs:20
RUN setarch x86_64 yum install a && systemd-run --wait -p MemoryMax=1G yum install b && gosu root yum install c
RUN eval yum install nginx
RUN for p in nginx redis; do yum install "$p"; yum remove $p; done
RUN yum group install 'Development Tools' && dnf -q copr enable app/tools
RUN yum install nginx-$VERSION && pacman -Scc && conda clean --all
RUN scl enable devtoolset-9 'yum install a'
