RUN if [ -f /x ]; then exit 194; fi
RUN echo "exit 194"
RUN echo exit 194; printf "%s" exit 194 \
  # exit 194
  && true
RUN (A=1 true; exit 194)
