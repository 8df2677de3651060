# attempts: end the text that it is part of
# expected: exception
'''
