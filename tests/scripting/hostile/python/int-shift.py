# attempts: shift a number by a trillion bits
# expected: memory-limit
result = 1 << 10**12
