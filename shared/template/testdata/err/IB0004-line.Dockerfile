
RUN true
