ENV A=b C="d" E='f'
ENV G="h"I="j"
