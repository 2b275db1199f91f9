RUN true
RUN echo [31mred
RUN echo ÿþ
