FROM IMAGE:m-bp67acfmxazb4p****
RUN if [ -f /etc/motd ]; then \
  # a comment between continued lines
	systemctl enable motd; \
  fi
RUN echo "it's; if" '(' \( && for i in a b; do echo "$i"; done
RUN [[ -f /etc/motd ]] && echo $((1 + 2)) || diff <(echo a) <(echo b)
RUN # a comment alone
