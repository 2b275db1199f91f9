# ---
# # ib:ignore IB0202 the wiki is all there is to say
# description: https://wiki.example.com/web
# ib:ignore IB0209 a group of another form
# resourceGroupId: web
# ---
# ib:ignore IB0115, IB0012: the program takes no shell
run ["yum", "update", "-y"]
RUN yum update -y && \
  # ib:ignore IB0009 a gap between the two

  true
# ib:ignore IB0101 the service learns it next week
# SHELL is for the commands below
SHELL ["/bin/bash"]
