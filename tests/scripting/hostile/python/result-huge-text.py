# attempts: return a huge text
# expected: output-limit
result = 'x' * 5 * 10**6
