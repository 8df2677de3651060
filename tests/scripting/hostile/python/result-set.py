# attempts: return a set
# expected: result-not-json
result = {1, 2}
