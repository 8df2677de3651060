# attempts: reach attributes by name
# expected: exception
result = getattr(getattr((), '__cl' + 'ass__'), '__ba' + 'se__')
