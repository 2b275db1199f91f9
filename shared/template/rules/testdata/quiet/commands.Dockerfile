FROM IMAGE_FAMILY:acs:alibaba_cloud_linux_3_2104_lts_x64
ENV JAVA_HOME="/usr/lib/jvm" PORT="8080"
WORKDIR /opt
WORKDIR app/bin
USER root
COPY https://example.com/app.tar.gz /opt/
COPY /etc/hosts /opt/
LABEL team="web" \
      stage="golden"
COMPONENT ic-bp12dvdzvr9k9***** --port 8080 --title "Web tier"
RUN tar -xzf /opt/app.tar.gz \
    # the archive has one folder
    && rm /opt/app.tar.gz
RESTART
CMD ["/opt/app/bin/start", "--port", "8080"]
ENTRYPOINT /opt/app/bin/prepare
