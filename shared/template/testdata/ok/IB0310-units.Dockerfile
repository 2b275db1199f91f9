FROM IMAGE:m-bp67acfmxazb4p****
RUN systemctl start systemd-resolved && systemctl start dbus
RUN ln -s /usr/lib/systemd/system/app.service /etc/systemd/system/multi-user.target.wants/app.service && systemctl start app
RUN ln -s /opt/agent/agent.service /etc/systemd/system/multi-user.target.wants/ && systemctl start agent
