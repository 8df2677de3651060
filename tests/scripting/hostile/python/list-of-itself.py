# attempts: fill the memory with a list
# expected: memory-limit
a = []
while True:
    a.append(a)
