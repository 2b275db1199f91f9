FROM IMAGE:m-bp67acfmxazb4p****
RUN cloud-init clean --logs && rm -rf /var/lib/cloud/instances
RUN systemctl enable cloud-init && systemctl disable firewalld && yum remove -y vim
RUN rm -f /etc/cloud/cloud-init.disabled && echo 'systemctl disable cloud-init'
