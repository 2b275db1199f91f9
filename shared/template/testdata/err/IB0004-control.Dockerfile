RUN echo bell
# fine[0m
RUN ab
