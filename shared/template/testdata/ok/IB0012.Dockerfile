RUN from
