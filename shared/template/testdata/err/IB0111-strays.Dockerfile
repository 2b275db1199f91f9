ENV JAVA_OPTS=-Xmx1g -Xms1g -server DEBUG=1
ENV A="1" b c D="2" e
ENV A = b
ENV A =b c
LABEL maintainer=ops of example
LABEL a b
