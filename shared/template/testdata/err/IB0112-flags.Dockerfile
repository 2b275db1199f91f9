COPY --from=build --chown=app:app --chmod=755 /a /b
COPY --chmod=755 --chown=app:app /a
COPY --from=build
COPY ["/a","/b"]
COPY ["/a", "/b"]
RUN --mount=type=cache,target=/var/cache --network=none yum install nginx
