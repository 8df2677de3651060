# attempts: read a variable of the environment
# expected: exception
import os
result = os.getenv('PATH')
