# ---
# aws: {systemdUnit: true}
# ---
USER web
CMD ["sh", "-c", "env | sort > /ROOT/env; echo \"$0 {{x}}\" > /ROOT/started", "zero"]
