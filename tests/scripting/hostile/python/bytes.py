# attempts: allocate ten gigabytes
# expected: memory-limit
result = len(bytes(10**10))
