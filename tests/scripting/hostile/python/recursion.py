# attempts: call without an end
# expected: exception
def f():
    return f() + 1
result = f()
