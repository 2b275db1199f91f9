run yum update -y
