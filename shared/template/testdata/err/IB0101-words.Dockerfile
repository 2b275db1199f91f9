RUN["yum", "update", "-y"]
CMD: nginx
run'true'
RUN​yum update -y
RUN​ yum update -y
RU\
N true
\
RUN true && \
  Tasks:
Tasks:
  - Name: a
    Action: Reboot
# a comment
    Properties: {}
ENV A
