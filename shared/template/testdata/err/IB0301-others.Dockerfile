FROM IMAGE:m-bp67acfmxazb4p****
RUN pacman -S nginx && pacman -Syu
RUN zypper in nginx
RUN yum-builddep nginx && package-cleanup --oldkernels --count=1
RUN conda install numpy
RUN aptitude safe-upgrade
RUN echo 'yum install a' && eval 'yum install a'
RUN su app -c "sudo yum install a" && timeout -k 5 60 yum install b && nice -n 5 yum install c
RUN case "$ID" in ubuntu) apt-get install a;; *) yum install b;; esac
RUN while true; do yum install a && break; sleep 1; done
RUN apt-get install -q -t stable a < /etc/motd && { yum install c; } 2>&1
