# attempts: list a generator that never ends
# expected: exception|memory-limit|time-limit
# limits: seconds=10
def ones():
    while True:
        yield 1
result = list(ones())
