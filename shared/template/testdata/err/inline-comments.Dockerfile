FROM IMAGE:m-1234 # base
ENV A="1" # why
LABEL a="b" # why
COPY /opt/a /opt/b # why
WORKDIR /opt # why
USER root # why
RESTART # why
CMD ["a"] # why
COMPONENT ic-bp1 # why
RUN true # fine
RUN # fine
ENV B 1 # the value
CMD echo hi # fine
