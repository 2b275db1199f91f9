FROM IMAGE:m-bp67acfmxazb4p****
RUN yum() { command yum -y "$@"; }; yum install nginx
RUN yes_to() { yes | "$@"; }; yes_to yum install nginx
RUN log() { echo "$@"; }; log yum install nginx
RUN log() { echo "$@" | tee -a /var/log/log; logger "$@"; }; log yum install nginx
RUN with() { "$@" -y; }; with yum install nginx
RUN each() { while [ $# -gt 0 ]; do shift; done; "$@"; }; each yum install nginx
RUN answer() { set -- "$@" -y; "$@"; }; answer yum install nginx
RUN try() { "$@"; }; try echo yum install nginx && try && bash -c "$@"
RUN bash -c "echo '$A; yum install nginx'" && su app -c "$COMMAND yum install nginx" && bash -c "yum $OPTIONS install nginx"
RUN trap 'yum install nginx' ERR && find / -name a -exec echo {} \; -o -name yum -o -name install && true
