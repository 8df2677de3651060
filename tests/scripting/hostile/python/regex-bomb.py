# attempts: match a pattern that takes exponential time
# expected: result false|time-limit|exception
# limits: seconds=2
import re
result = re.match(r'(a+)+$', 'a' * 40 + 'b') is not None
