# ib:ignore IB0009 the gaps part the steps
RUN yum update -y && \

  true && \
  # a comment

  false
