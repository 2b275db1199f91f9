LABEL imagedrop:job="mine"
RUN true
