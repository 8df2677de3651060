# attempts: reach globals through a function
# expected: exception
def f():
    pass
result = f.__globals__
