FROM IMAGE:m-bp67acfmxazb4p****
RUN yum update -y && needs-restarting -r
RESTART
RUN echo reboot; systemctl enable nginx; systemctl mask reboot.target; init q; shutdown -c
