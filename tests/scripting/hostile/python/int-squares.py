# attempts: square a number for ever
# expected: time-limit|memory-limit
# limits: seconds=2
n = 3
while True:
    n *= n
