# attempts: leave variables for the next run
# expected: result 1
leaked = True
len = None
result = 1
