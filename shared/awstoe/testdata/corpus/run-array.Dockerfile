ENV A="x"
RUN ["printf", "%s\n", "a b", "$A", "it's", "\"q\"", "l1\nl2", "{{x}}"]
RUN ["cp", "/ROOT/etc/environment", "/ROOT/copy of it"]
RUN ["touch", "/ROOT/-- it's \t é"]
