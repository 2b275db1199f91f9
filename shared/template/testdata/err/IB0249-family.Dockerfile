FROM IMAGE_FAMILY:acs:windows_2022_dtc_2021_x64
RUN dir
RESTART
COMPONENT ic-bp67acfmxazb4p****
# --- test
USER app
