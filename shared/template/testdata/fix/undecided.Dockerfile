# ----
# just a frame around a comment
# ----
# escape=`
EN A="b"
nru true
MAINTAINER ops@example.com
RUN true && \
