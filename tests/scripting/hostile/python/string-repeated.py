# attempts: repeat a text a trillion times
# expected: memory-limit
result = 'x' * 10**12
