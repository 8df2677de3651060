# attempts: return nothing
# expected: no-result
results = 1
