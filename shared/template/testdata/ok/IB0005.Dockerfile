# café
RUN echo café
