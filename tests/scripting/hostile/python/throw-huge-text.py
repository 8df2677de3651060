# attempts: raise an exception with a huge text
# expected: exception
raise ValueError('x' * 5 * 10**6)
