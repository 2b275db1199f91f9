FROM IMAGE:m-bp67acfmxazb4p****
RUN yum install -y nginx && yum -y update && yum --assumeyes install a && yum -qy install a && dnf install -yq a
RUN dnf install --setopt=assumeyes=1 a && yum clean all && yum makecache && yum list installed
RUN apt-get update && apt-get install -y a && apt-get -qqy install a && apt-get -o APT::Get::Assume-Yes=true install a
RUN apt-get -qq install a && apt-get install --yes a && apt-get autoremove --purge -y && apt-cache search install
RUN yes | apt-get install a && echo y | yum install a
RUN zypper -n install a && zypper --non-interactive in a && zypper install -y a
RUN echo "apt-get install foo" && printf '%s' 'yum install a' # apt-get install foo
RUN yum install $OPTIONS a && apt-get "$@"
RUN pacman -Syu --noconfirm a && pacman -Ss a && pacman -Sy
RUN microdnf install a && yum-builddep -y a && package-cleanup -qy --oldkernels && package-cleanup --problems
RUN conda install --yes a && su -c 'yum install -y a' app
