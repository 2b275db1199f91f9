FROM IMAGE:m-bp67acfmxazb4p****
RUN sysctl -w vm.swappiness=1
RUN setenforce 0 && swapoff -a && modprobe br_netfilter
RUN firewall-cmd --add-port=80/tcp && iptables -A INPUT -p tcp --dport 80 -j ACCEPT
