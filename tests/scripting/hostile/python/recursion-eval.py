# attempts: overflow the stack of the parser at run time
# expected: exception|crash
result = eval('(' * 10**5 + '1' + ')' * 10**5)
