# attempts: make a class that runs code
# expected: exception|result-not-json
result = type('X', (object,), {'__del__': lambda self: 1})
