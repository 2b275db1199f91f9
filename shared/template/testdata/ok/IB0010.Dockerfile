RUN echo "<<EOF" $((1<<2)) && cat <<< x
