FROM IMAGE:m-bp67acfmxazb4p****
RUN cd /opt/app && ./server &
RUN nohup java -jar /opt/app.jar > /dev/null 2>&1 & sleep 5
