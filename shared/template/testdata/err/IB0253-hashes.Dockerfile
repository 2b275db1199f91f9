## ---
# name: web
## ---
FROM IMAGE:m-1234
### - done
