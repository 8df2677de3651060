# attempts: list a range of a quintillion
# expected: memory-limit
result = list(range(10**18))
