# attempts: repeat a list a billion times
# expected: memory-limit
result = len([1] * 10**10)
