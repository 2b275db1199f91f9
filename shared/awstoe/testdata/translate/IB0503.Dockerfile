RUN if [ -f /x ]; then exit 194; fi
RUN echo "exit 194"
