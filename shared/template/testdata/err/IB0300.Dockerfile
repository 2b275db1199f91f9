FROM IMAGE:m-bp67acfmxazb4p****
RUN echo 'the quote of this word is open
RUN if [ -f /etc/motd ]; \
  # a comment between continued lines

	systemctl enable motd; \
  fi
RUN echo "日本語" && (cd /opt; ./configure
RUN for i in 1 2 3; do echo $i
RUN echo a && && echo b
