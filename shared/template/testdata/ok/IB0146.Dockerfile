FROM IMAGE:m-bp67acfmxazb4p****
ENV APP="/srv" B="${C:-x}"
WORKDIR $APP
COPY /a ${HOME}/\$x
RUN echo $ANYTHING
