RUN true
CMD ["sleep", "1"]
ENTRYPOINT sleep 1
