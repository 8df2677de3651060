# attempts: return more values than the reader takes
# expected: result-not-json|output-limit
result = [0] * 300000
