# attempts: catch the end of the stack, and go on
# expected: exception|time-limit
# limits: seconds=1
def f():
    try:
        f()
    except BaseException:
        f()
    f()
f()
