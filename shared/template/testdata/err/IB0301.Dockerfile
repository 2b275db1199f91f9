FROM IMAGE:m-bp67acfmxazb4p****
RUN yum install nginx
RUN yum clean all; \
  # the database

	dnf \
  install \
  postgresql-server
RUN if true; then apt-get update && apt-get -q install foo; fi
RUN sudo -E apt-get install foo && env DEBIAN_FRONTEND=noninteractive apt-get install bar
RUN sh -c 'apt-get install foo' && bash -exc "yum remove \"foo\""
RUN echo foo bar | xargs -n 1 apt-get install; find . -name '*.rpm' -exec yum localinstall {} \;
RUN install() { zypper install foo; }; (apt upgrade); echo "$(yum update)" `yum erase x`
RUN A=日本 /usr/bin/yum install nginx
