# attempts: end the process
# expected: exception
raise SystemExit(3)
