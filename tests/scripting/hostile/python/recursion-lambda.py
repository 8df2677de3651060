# attempts: call without an end
# expected: exception
result = (lambda f: f(f))(lambda f: f(f))
