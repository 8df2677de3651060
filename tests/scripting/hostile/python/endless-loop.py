# attempts: loop for ever
# expected: time-limit
# limits: seconds=0.5
while True:
    pass
