FROM IMAGE_FAMILY:acs:alibaba_cloud_linux_3_2104_lts_x64
RUN true
# --- test
RUN false
