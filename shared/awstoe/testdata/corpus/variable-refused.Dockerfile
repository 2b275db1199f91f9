# refused: IB0516
ENV A="${B%x}"
RUN touch /ROOT/a
