# attempts: pretend that a limit was reached
# expected: memory-limit|exception
raise MemoryError('memory limit exceeded: 1 bytes > 0 bytes')
