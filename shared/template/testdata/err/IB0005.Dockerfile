# cafÃ©
RUN echo café
