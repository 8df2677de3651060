# attempts: match a pattern of references that takes exponential time
# expected: exception|time-limit
# limits: seconds=2
import re
result = re.match(r'(?=(a+))\1+(b+)+\2c', 'a' * 40 + 'b' * 40) is not None
