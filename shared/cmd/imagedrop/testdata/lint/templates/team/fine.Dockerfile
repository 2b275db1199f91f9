# ---
# name: fine
# ---
FROM IMAGE_FAMILY:acs:alibaba_cloud_linux_3_2104_lts_x64
RUN yum update -y
# --- test
RUN true
