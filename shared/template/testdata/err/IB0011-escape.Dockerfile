# escape=`
RUN yum install -y `
  nginx `
  # a comment
  git
COPY /a `
  /b `
  /c
# --- test
ENV A="1" `
  B
