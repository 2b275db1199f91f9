RUN echo "{{ .Id }}" '{{x}}' {{a,b},c} {{{d}}} > /ROOT/out
ENV T="{{ t }}"
RUN echo "$T" >> /ROOT/out
