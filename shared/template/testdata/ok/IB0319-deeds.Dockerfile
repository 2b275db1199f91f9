FROM IMAGE:m-bp67acfmxazb4p****
RUN sync && echo 3 > /proc/sys/vm/drop_caches && sysctl -w vm.drop_caches=3
RUN modprobe -n overlay && modprobe --show-depends overlay && setenforce 0
RUN /opt/install && setenforce 1
RUN mkswap /swapfile && swapon /swapfile && /opt/build && swapoff /swapfile && rm /swapfile
RUN echo 1 > /sys/class/scsi_host/host0/scan
