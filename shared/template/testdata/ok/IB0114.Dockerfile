CMD ["a", "b"]
ENTRYPOINT nginx -g "daemon off;"
