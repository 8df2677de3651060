# attempts: return a list of lists that nobody can parse
# expected: result-not-json
result = []
for i in range(10**5):
    result = [result]
