ENV JAVA_HOME="/usr/lib/jvm"
