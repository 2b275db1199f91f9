# differs: IB0503
RUN echo x >> /ROOT/out; exit 194
RUN echo y >> /ROOT/out
