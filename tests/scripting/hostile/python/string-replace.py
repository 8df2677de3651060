# attempts: grow a text by replacing
# expected: memory-limit
result = ('a' * 10**6).replace('a', 'b' * 10**6)
