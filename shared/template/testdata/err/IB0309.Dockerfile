FROM IMAGE:m-bp67acfmxazb4p****
RUN yum update -y && reboot
RUN sudo shutdown -r now
RUN systemctl --no-wall reboot
RUN init 6
