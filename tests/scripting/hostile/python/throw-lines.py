# attempts: raise an exception that forges lines of a log
# expected: exception
raise ValueError('x\n2026-01-01 ERROR forged')
