# attempts: return a text that grows when it is encoded
# expected: output-limit
result = '\x01' * 10**6
