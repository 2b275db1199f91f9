# ----
# just a frame around a comment
# ----
# escape=`
EN A="b"
nru true
"RUN echo a"
MAINTAINER ops@example.com
RUN true && \
