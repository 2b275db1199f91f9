# ---
# name:
# tags: [a]
# addAccounts: 1234567890123456
# toRegionIds:
# systemDiskSize: "40"
# internetMaxBandwidthOut: 1.0
# deleteInstanceOnFailure: yes
# imageOptions: web
# importImageOptions: {diskDeviceMappings: {ossBucket: abc}}
# ---
FROM IMAGE:m-1234
