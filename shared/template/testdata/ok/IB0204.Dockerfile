# ---
# componentType: Test
# ---
RUN yum update -y
