RUN ['yum', 'install', '-y', 'nginx']
RUN ["yum", "install", "-y", "nginx",]
RUN ["systemctl", "enable", "nginx"] # at boot
RUN [ "$(id -u)" = 0 ] && echo root
