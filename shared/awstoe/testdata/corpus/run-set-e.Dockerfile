RUN set -e; false; touch /ROOT/never
RUN touch /ROOT/never
