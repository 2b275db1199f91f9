# ---
# name: 网页-golden
# systemDiskSize: 10
# ---
RUN echo 日本語 \
	&& true
	ADD	x 中文 y
LABEL é́ = 5
RUN true <<EOF
ENV 中文字
