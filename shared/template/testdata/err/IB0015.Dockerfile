RUN yum makecache && \
RUN yum install -y nginx
RUN yum install -y nginx \
    tar \

    # for the application
    ENV APP_ENV="production"
RUN echo "中文" > /etc/motd; \
  RESTART
RUN \
RUN true
RUN RUN true
CMD /opt/app/start \
USER web
HEALTHCHECK --interval=1m \
  CMD /opt/app/check
