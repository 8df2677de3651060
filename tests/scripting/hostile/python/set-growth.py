# attempts: fill a set
# expected: memory-limit
result = len(set(range(10**9)))
