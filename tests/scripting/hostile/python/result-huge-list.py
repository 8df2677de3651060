# attempts: return a huge list
# expected: output-limit|memory-limit
result = [12345] * 10**6
