# attempts: search an iterator that never ends
# expected: time-limit
# limits: seconds=0.5
result = max(iter(int, 1))
