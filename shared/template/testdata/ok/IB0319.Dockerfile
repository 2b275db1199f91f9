FROM IMAGE:m-bp67acfmxazb4p****
RUN echo vm.swappiness=1 > /etc/sysctl.d/90-swap.conf && sysctl -w vm.swappiness=1 && sysctl --system
RUN setenforce 0 && sed -i 's/^SELINUX=.*/SELINUX=permissive/' /etc/selinux/config
RUN swapoff -a && sed -i '/swap/d' /etc/fstab && modprobe br_netfilter && echo br_netfilter > /etc/modules-load.d/net.conf
RUN firewall-cmd --permanent --add-port=80/tcp && iptables -A INPUT -j ACCEPT && iptables-save > /etc/sysconfig/iptables
# --- test
RUN sysctl -w vm.overcommit_memory=1
