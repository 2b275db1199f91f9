FROM IMAGE:m-bp67acfmxazb4p****
RUN systemctl disable cloud-init.service
RUN touch /etc/cloud/cloud-init.disabled
RUN echo > /etc/cloud/cloud-init.disabled
RUN yum remove -y vim aliyun_assist
RUN systemctl stop aliyun.service && rm -rf /usr/local/share/aliyun-assist/
RUN rpm -e cloud-init
