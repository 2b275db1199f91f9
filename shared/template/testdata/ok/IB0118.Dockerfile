RUN yum --assumeyes update
