# attempts: start a debugger
# expected: exception
breakpoint()
