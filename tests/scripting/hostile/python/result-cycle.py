# attempts: return a list that contains itself
# expected: result-not-json
result = []
result.append(result)
