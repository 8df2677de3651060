# attempts: fill the memory in native code
# expected: memory-limit|crash
result = list(zip(*[iter(range(10**8))] * 2))
