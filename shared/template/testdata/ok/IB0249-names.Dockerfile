FROM IMAGE_FAMILY:windows-tools-on-linux
RUN yum update -y
