# attempts: format a number to a gigabyte
# expected: memory-limit|exception
result = f'{1:>1000000000}'
