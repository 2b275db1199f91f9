# syntax=docker/dockerfile:1
# ---
# name: abc
# ---
# escape=`
RUN a
