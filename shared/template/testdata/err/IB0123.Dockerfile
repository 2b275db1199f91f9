FROM ubuntu:22.04
RUN yum update -y
