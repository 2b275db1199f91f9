# refused: IB0516
ENV my.name="1" UID="5"
RUN touch /ROOT/a
