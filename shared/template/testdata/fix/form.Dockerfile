from IMAGE_FAMILY:acs:alibaba_cloud_linux_3_2104_lts_x64
run	yum install -y \

  nginx \
  # the editor

  vim
# --- test
curl x
Run true
