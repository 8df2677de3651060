# attempts: reach attributes through a format
# expected: exception
result = '{0.__class__.__init__.__globals__}'.format(print)
