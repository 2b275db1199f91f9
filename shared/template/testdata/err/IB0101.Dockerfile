ADD a b
RNU yum update -y
&& true
EXPOSE 80
FOO
