# attempts: compile a pattern of huge counts
# expected: exception|time-limit|memory-limit|result false
# limits: seconds=2
import re
result = re.match(r'((a{0,1000}){0,1000}){0,1000}$', 'a' * 1000 + 'b') is not None
