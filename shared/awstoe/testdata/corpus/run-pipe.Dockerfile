RUN false | true
RUN true | false
RUN touch /ROOT/never
