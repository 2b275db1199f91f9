RUN mkdir -p /ROOT/keep && echo x > /ROOT/keep/file && chmod 750 /ROOT/keep
WORKDIR /ROOT/keep
RUN ls -l file | cut -c1-10 > list; stat -c %a . > mode
