CMD ["a", 1]
ENTRYPOINT ['a']
