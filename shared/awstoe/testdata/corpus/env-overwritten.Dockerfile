ENV A="1"
RUN echo $A > /ROOT/1
ENV A="2"
RUN echo $A > /ROOT/2
