FROM IMAGE:m-bp67acfmxazb4p****
RUN vim /etc/motd
RUN passwd app
RUN crontab -e
RUN ssh-keygen -t rsa
RUN read -p "Version? " VERSION && echo "$VERSION"
RUN su - app
RUN sudo -u app bash
RUN mysql -u root -p -e 'SELECT 1'
RUN pip uninstall foo
RUN rm -ri /opt/old
RUN openssl req -x509 -newkey rsa:2048 -keyout key.pem -out cert.pem
