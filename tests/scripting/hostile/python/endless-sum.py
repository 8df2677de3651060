# attempts: stay in native code
# expected: time-limit
# limits: seconds=0.5
result = sum(range(10**14))
