# attempts: run a command
# expected: exception
import os
result = os.system('id')
