# attempts: count for ever
# expected: time-limit|memory-limit
# limits: seconds=5
import itertools
result = sum(1 for _ in itertools.count())
