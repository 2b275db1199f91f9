# ---
# name: &a web
# description: *a
# imageOptions:
#   <<: {imageName: x}
# tags: {a: !!binary aGk=}
# deep: [[[[[[[[[[[[x]]]]]]]]]]]]
# ---
RUN a
