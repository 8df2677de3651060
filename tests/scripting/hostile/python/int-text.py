# attempts: convert a huge number to text
# expected: exception|memory-limit|time-limit
# limits: seconds=2
result = str(10 ** 10**6)
