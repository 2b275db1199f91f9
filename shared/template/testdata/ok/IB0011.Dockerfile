RUN a
# check=later comments are comments
RUN b
