ENV A="${B%x}"
ENV UID="5"
ENV a.b="5"
ENV C it's
ENV D="costs $5"
WORKDIR $E/${A:-x
USER 1000
USER web:web
COPY https://example.com/a $HOME
RUN []
ENV F="$HOME"
ENV HOME="/x"
WORKDIR $F
ENV G="${F:-x}"
WORKDIR ""
