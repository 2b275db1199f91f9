# refused: IB0504
COPY app.tgz /ROOT/dst
