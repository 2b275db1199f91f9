FROM IMAGE:m-bp67acfmxazb4p****
RUN yum update -y
# --- test
Tasks:
  - Name: a
    Action: Reboot
