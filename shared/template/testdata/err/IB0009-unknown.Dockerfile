RUN a
hunter2 \

  b
