FROM IMAGE:m-bp67acfmxazb4p****
RUN yum install -y nginx-1.24.0 ./a.rpm @development && yum clean all
RUN apt-get update && apt-get install -y nginx=1.24.0-1 && apt-get clean
RUN pip install -r requirements.txt requests==2.31.0 && npm install -g yarn@1.22.19 && gem install rake -v 13.0.6
