# attempts: list a folder
# expected: exception
import os
result = os.listdir('/')
