ENV A="x"
RUN echo $A "$A" '$A' \$A ${A}y ${#A} $((1+2)) $(echo sub) `echo tick` > /ROOT/out
