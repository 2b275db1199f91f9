ENV A='single "x"' B="double 'y'" C=a\ b D="esc \" \\ \$X" E='$X \n' F="tab	here" G="a"'b'c
RUN env | sort > /ROOT/env
