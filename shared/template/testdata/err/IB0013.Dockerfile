# ib:ignore IB0201 above everything else it is for the whole file, and the name is fine
# ---
# # ib:ignore IB0202,IB0201 the wiki is all there is to say
# description: https://wiki.example.com/web
# ---
# ib:ignore IB0012,IB0115 the command is in upper case
RUN ["yum", "update", "-y"]
# ib:ignore IB0115 one line between is one too many

# a comment
RUN yum update -y && \
  # ib:ignore IB0009 there is no blank line
  true
# ib:ignore IB0102 nothing comes after it
