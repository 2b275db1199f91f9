RUN ["yum", "update", "-y"]
