RUN echo ab\
cd > /ROOT/out
RUN echo "x\
   y" > /ROOT/out2
