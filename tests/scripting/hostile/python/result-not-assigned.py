# attempts: return nothing
# expected: result-not-json
results = 1
