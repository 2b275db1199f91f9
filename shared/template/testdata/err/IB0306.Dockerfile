FROM IMAGE:m-bp67acfmxazb4p****
RUN yum install -y nginx && yum clean all
RUN apt-get update && apt-get install -y -t stable curl=8.0 nginx && apt-get clean
RUN pip install -r requirements.txt requests && npm install -g yarn
