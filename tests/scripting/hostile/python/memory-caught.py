# attempts: catch the end of the memory, and go on
# expected: memory-limit|time-limit
# limits: seconds=2
while True:
    try:
        a = []
        while True:
            a.append('x' * 1000)
    except BaseException:
        pass
