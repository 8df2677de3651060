# attempts: read the input of the process
# expected: exception
result = input()
