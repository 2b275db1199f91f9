CMD ["nginx", 1]
CMD ["nginx", ["-g"]]
CMD ["nginx" "-g"]
CMD ["nginx",]
CMD ["nginx"] -g
CMD ["nginx"
ENTRYPOINT ["é", \
  "b", \
  null]
ENTRYPOINT [nginx]
ENTRYPOINT [“nginx”]
ENTRYPOINT ["a\x"]
