# attempts: run a command
# expected: exception
import subprocess
result = subprocess.run(['id'])
