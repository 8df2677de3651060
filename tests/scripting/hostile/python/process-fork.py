# attempts: fork
# expected: exception
import os
while True:
    os.fork()
