# ---
# name: [a, b] # why
# tags: {a: [x, "]", ']}'], b: {c: [d]}, e: it's, f: []}
# toRegionIds: {a: "it's }"}
# imageOptions: {imageName: [a,
#   b]}
# ---
FROM IMAGE:m-1234
