FROM IMAGE:m-bp67acfmxazb4p****
ENV DB_PASSWORD="hunter2hunter2"
ENV ALIBABA_CLOUD_ACCESS_KEY_SECRET "made-up-secret"
RUN export API_TOKEN=made-up && make
RUN MYSQL_ROOT_PASSWORD='made up' ./install
