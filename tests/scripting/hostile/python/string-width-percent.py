# attempts: format a number to a gigabyte
# expected: memory-limit|exception
result = '%1000000000d' % 1
