# ---
# aws: {systemdUnit: true}
# ---
ENV A="it's"
WORKDIR /ROOT/w
RUN touch a
CMD echo "$A" '$A' > started; env | sort > env
