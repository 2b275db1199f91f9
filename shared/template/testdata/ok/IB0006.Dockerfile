RUN echo "Tasks: none"
