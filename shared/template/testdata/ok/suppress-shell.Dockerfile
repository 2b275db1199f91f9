RUN yum update -y && \
    # ib:ignore IB0301 yum is set up to assume yes
    yum install nginx && \
    yum install -y git
# ib:ignore IB0301,IB0304 yum is set up to assume yes
RUN yum install \
    nginx && \
    yum install git | tee /var/log/install.log
