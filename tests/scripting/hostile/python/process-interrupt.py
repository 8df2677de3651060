# attempts: pretend that the operator interrupts
# expected: exception
raise KeyboardInterrupt
