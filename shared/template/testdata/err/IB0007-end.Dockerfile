FROM IMAGE:m-1234 
RUN systemctl enable nginx 　
RUN echo "a 
RUN true  
RUN 
RUN a \ 
  b　
