# attempts: catch the limit of statements, and return
# expected: statement-limit
# limits: statements=1000
try:
    while True:
        pass
except BaseException:
    result = 1
