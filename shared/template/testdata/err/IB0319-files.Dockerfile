FROM IMAGE:m-bp67acfmxazb4p****
RUN echo 1 > /proc/sys/net/ipv4/ip_forward
RUN echo never > /sys/kernel/mm/transparent_hugepage/enabled
