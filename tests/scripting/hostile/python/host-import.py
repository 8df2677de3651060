# attempts: import by name
# expected: exception
result = __import__('os').environ
