# ---
# name: "web
# description: web: the tier
# descripton: web tier
# tags:
# 	team: web
# toRegionIds: [cn-beijing
# vSwitchId: @vsw
# systemDiskSize: 10
# ---
FROM IMAGE:m-a1
ENV A
