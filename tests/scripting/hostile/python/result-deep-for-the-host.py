# attempts: return a list that overflows the stack of the reader
# expected: result-not-json
result = []
for i in range(400):
    result = [result]
