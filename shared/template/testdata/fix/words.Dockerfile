# ---
# build: yes
# deleteInstanceOnFailure: Off
# imagetags: {team: web}
# ---
FROM IMAGE_FAMILY:acs:alibaba_cloud_linux_3_2104_lts_x64
WORKDIR/opt
ENV A=“b” B=c
RUN ['yum', 'install', '-y', 'nginx']
RUN ["yum", "install", "-y", "nginx",]
# ib:ignore IB0115 IB0302
RUN ["vim"]
# ib:ignore IB0115 IB0302 the program takes no shell
RUN ["vim", "$a"]
