# attempts: double a text for ever
# expected: memory-limit
s = 'x'
while True:
    s += s
