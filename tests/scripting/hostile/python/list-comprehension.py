# attempts: fill the memory in a comprehension
# expected: memory-limit
result = [i for i in range(10**10)]
