# attempts: call functions for ever
# expected: statement-limit
# limits: statements=100000
def f(): return 1
for i in range(10**9): f()
