# attempts: read the environment
# expected: exception
import os
result = dict(os.environ)
