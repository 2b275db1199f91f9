ENV A="b" C=""
ENV D="x\"y" E="\\"
