# attempts: change the code of a function
# expected: exception
def f():
    pass
f.__code__ = f.__code__.replace(co_code=b'd')
