# attempts: compute a huge factorial
# expected: time-limit|memory-limit
# limits: seconds=0.5
import math
result = math.factorial(10**8)
