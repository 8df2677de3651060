# attempts: print for ever
# expected: time-limit|memory-limit
# limits: seconds=0.5
while True:
    print('x' * 1000)
