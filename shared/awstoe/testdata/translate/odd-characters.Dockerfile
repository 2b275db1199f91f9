RUN echo " ﻿"
RUN echo "tab	here: é 世 🎈" # - [x]
ENV A=" "
WORKDIR /opt/ü
