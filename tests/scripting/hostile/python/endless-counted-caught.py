# attempts: catch the limit of statements
# expected: statement-limit
# limits: statements=100000
while True:
    try:
        while True:
            pass
    except BaseException:
        pass
