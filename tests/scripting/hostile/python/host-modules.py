# attempts: reach loaded modules
# expected: exception
import sys
result = sys.modules['os'].environ
