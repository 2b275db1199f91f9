RUN	yum update -y
RUN ls /tmp
RUN a \  
  b
ENV A="é"	B="2" \
	C="3" 	 D="4"
COPY /a	/b
ENV A="b" C="d"
