# attempts: read a file
# expected: exception
result = open('/etc/passwd').read()
