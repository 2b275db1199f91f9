RUN a && \

# the end
