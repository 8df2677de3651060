# attempts: return bytes
# expected: result-not-json
result = b'x'
