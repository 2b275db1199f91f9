RUN yum update -y && \
    # ib:ignore IB0301 the next line only
    yum install nginx && \
    yum install git
