# attempts: join many texts
# expected: memory-limit
result = 'a'.join(['b' * 1000] * 10**6)
