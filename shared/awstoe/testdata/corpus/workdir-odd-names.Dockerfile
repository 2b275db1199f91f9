WORKDIR "/ROOT/q"
RUN pwd > /ROOT/1
WORKDIR '/ROOT/s'
RUN pwd > /ROOT/2
WORKDIR /ROOT/it\'s/$/-x/ü
RUN pwd > /ROOT/3
WORKDIR -n
RUN pwd > /ROOT/4
WORKDIR /ROOT/{{x}}
RUN pwd > /ROOT/5
