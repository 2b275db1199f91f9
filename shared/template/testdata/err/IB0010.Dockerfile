RUN cat <<EOF > /etc/motd
Welcome
EOF
COPY <<-"A B" /x
	A B
RUN wc <<< "$X"
