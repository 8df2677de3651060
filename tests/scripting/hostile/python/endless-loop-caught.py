# attempts: survive the end of the time with except
# expected: time-limit
# limits: seconds=0.5
while True:
    try:
        while True:
            pass
    except BaseException:
        pass
