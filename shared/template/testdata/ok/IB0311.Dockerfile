FROM IMAGE:m-bp67acfmxazb4p****
RUN rm -rf /tmp/* /var/cache/yum /usr/share/doc "/$EMPTY" . && rm -f /etc/motd && rm -rf ./usr && chroot /mnt rm -rf /boot
