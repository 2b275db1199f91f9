WORKDIR /a
USER nginx
