# ---
# version: 1.0.0
# nvme: auto
# diskSize: 40
# image: web
# imageOptions: {name: web, nvmeSupport: auto}
# ---
FROM IMAGE:m-1234
