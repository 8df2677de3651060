# attempts: fill a dictionary
# expected: memory-limit
d = {}
for i in range(10**9):
    d[i] = [i]
