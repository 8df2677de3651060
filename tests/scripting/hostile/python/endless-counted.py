# attempts: loop for ever, with a limit of statements
# expected: statement-limit
# limits: statements=100000
while True: pass
