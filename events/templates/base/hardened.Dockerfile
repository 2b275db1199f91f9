# ---
# name: hardened-base
# description: Alibaba Cloud Linux 3, patched and hardened; the base of every other image
# imageOptions:
#   imageName: hardened-base
#   imageFamily: hardened-base
#   description: patched and hardened Alibaba Cloud Linux 3
#   imageFeatures: {nvmeSupport: auto}
#   imageTags: {team: platform, hardened: "true"}
# systemDiskSize: 40
# toRegionIds: [cn-beijing, cn-shanghai]
# tags: {team: platform, tier: base}
# ---
FROM IMAGE_FAMILY:acs:alibaba_cloud_linux_3_2104_lts_x64
RUN yum update -y
RUN yum install -y audit aide && systemctl enable auditd
# No passwords, no root, nobody without a key.
RUN sed --in-place --regexp-extended \
      -e 's/^#?PermitRootLogin .*/PermitRootLogin no/' \
      -e 's/^#?PasswordAuthentication .*/PasswordAuthentication no/' \
      -e 's/^#?X11Forwarding .*/X11Forwarding no/' /etc/ssh/sshd_config
RUN printf '%s\n' 'net.ipv4.conf.all.rp_filter = 1' 'net.ipv4.conf.all.accept_redirects = 0' \
      'net.ipv4.tcp_syncookies = 1' 'kernel.kptr_restrict = 2' > /etc/sysctl.d/60-hardening.conf
RUN for unit in rpcbind cups avahi-daemon; do systemctl disable "$unit" || true; done
RESTART
# --- test
RUN sshd -T | grep --quiet '^permitrootlogin no$'
RUN sysctl --values net.ipv4.tcp_syncookies | grep --quiet '^1$'
RUN systemctl is-enabled auditd
