# ---
# name: mixed
# ---
ENV A="1"
WORKDIR /ROOT/w
RUN echo $A > a
ENV A="$A$A"
COPY /ROOT/w/a /ROOT/w/b
USER web
RUN echo "$A" "$RUN_AS" >> b/a
RESTART
ENV A="$A-3" P="$PATH:/x"
COPY http://SERVER/files/x c
RUN cat b/a c/x > all; env | sort > env
USER root
RUN pwd >> all; false
RUN touch /ROOT/never
