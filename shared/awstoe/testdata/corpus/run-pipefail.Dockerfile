RUN set -o pipefail; false | true
RUN touch /ROOT/never
