# refused: IB0504
COPY oss://bucket/key /ROOT/dst
