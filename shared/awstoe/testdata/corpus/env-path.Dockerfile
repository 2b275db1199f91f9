RUN mkdir -p /ROOT/bin && printf '#!/bin/sh\necho tool\n' > /ROOT/bin/tool && chmod 755 /ROOT/bin/tool
ENV PATH="/ROOT/bin:$PATH"
RUN tool > /ROOT/out
ENV PATH="$PATH:/ROOT/more"
RUN echo "$PATH" > /ROOT/path
