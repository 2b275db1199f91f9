WORKDIR /ROOT/w
ENV A="1"
RUN echo before $A > log
RESTART
RUN echo after $A $PWD >> log
ENV B="$A$A"
RESTART
RUN echo $B >> log; exit 3
RESTART
