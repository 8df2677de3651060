# attempts: write a file
# expected: exception
open('/tmp/hostile', 'w').write('x')
