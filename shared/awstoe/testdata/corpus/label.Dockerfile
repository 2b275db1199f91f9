LABEL team="web" note="{{x}} it's"
RUN touch /ROOT/a
