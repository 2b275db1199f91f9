RUN <<EOF
yum update -y
# a comment

if true; then
  echo
fi
ADD a b
echo again
ENV A
