# ---
# aws: {systemdUnit: true}
# ---
WORKDIR /ROOT/w
ENTRYPOINT ["sh", "-c", "echo \"$@\" > started", "name"]
CMD ["a", "b c"]
