FROM IMAGE:m-bp67acfmxazb4p****
RUN systemctl enable nginx && echo sudo
RUN sudo -u postgres psql -c 'select 1' && sudo -iu app id && sudo -H --user=app id && sudo -g app -u app id
USER app
RUN sudo systemctl enable nginx
