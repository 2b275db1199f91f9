# refused: IB0505
RUN touch /ROOT/a
CMD ["sleep", "1"]
