FROM IMAGE_FAMILY:acs:alibaba_cloud_linux_3_2104_lts_x64
ENV SOURCE="https://example.com"
WORKDIR /srv/app
RUN curl --fail --silent --remote-name https://example.com/app.tar.gz && mkdir conf
COPY https://example.com/site.conf /srv/app/
COPY HTTP://example.com/other.conf /srv/app/
COPY app.tar.gz /backup/
COPY ./conf/web.conf /etc/nginx/
COPY site.conf /etc/nginx/
COPY . /backup/
COPY $SOURCE/motd /etc/
COPY ~/.profile /etc/skel/
# --- test
COPY conf /tmp/
