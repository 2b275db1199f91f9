RUN printf "\a"
