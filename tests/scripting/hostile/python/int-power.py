# attempts: compute a number of a trillion digits
# expected: memory-limit|time-limit
# limits: seconds=2
result = 9 ** 9 ** 9 ** 9
