# attempts: reach the builtins
# expected: exception
result = __builtins__['open']('/etc/passwd').read()
