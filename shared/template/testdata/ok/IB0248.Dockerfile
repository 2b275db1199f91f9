# ---
# tags: {t0: x, t1: x, t2: x, t3: x, t4: x, t5: x, t6: x, t7: x, t8: x, t9: x, t10: x, t11: x, t12: x, t13: x, t14: x, t15: x, t16: x, t17: x}
# ---
FROM IMAGE:m-bp67acfmxazb4p****
RUN yum update -y
