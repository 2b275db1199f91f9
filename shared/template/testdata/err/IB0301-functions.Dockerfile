FROM IMAGE:m-bp67acfmxazb4p****
RUN retry() { for i in 1 2 3; do "$@" && return; sleep 5; done; return 1; }; retry yum install nginx
RUN retry() { local n=$1; shift; until "$@"; do [ $((n--)) -gt 0 ] || return 1; done; }; \
    # five times
    retry 5 sudo apt-get install nginx
RUN function again { "${@:2}" || sleep "$1" && ${@:2}; }; again 5 dnf install nginx
RUN run() { echo "+ $*"; eval "$@"; }; run yum remove nginx
RUN case $(yum update) in a$(yum upgrade)) true ;; esac && echo $(( $(yum install a | wc -l) + 1 )) ${A/$(yum install b)/c}
RUN trap 'yum remove gcc' EXIT && (( A = $(yum install c) )) && let "B=$(yum install d)"
RUN flock -w 60 /run/lock/yum -c 'yum install a' && script -qec "yum install b" /dev/null && sg app 'yum install c'
RUN find /opt -name a -exec true {} \; -exec yum install {} + && /usr/bin/time -f %e yum install b
RUN sudo -u app bash -lc "cd ${DIR} && yum install a" && bash -O extglob -c 'yum install b'
