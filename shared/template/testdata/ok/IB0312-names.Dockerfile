FROM IMAGE:m-bp67acfmxazb4p****
RUN apt-get purge -y cloud-initramfs-growroot cloud-init-tools && yum remove -y aliyun-cli
RUN systemctl mask cloud-init-hotplugd.socket && systemctl disable aliyun-util && aliyun-service --version
