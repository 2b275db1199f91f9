RUN python3 -c "
import os
# whatever os is
from sys import path
print(path)
" && echo done
ENV MOTD="one
two"
LABEL note="one
  two
  three"
RUN true
