# attempts: find the counter of statements, and reset it
# expected: statement-limit|time-limit
# limits: seconds=1 statements=1000
for name in list(locals()):
    if name.startswith('count_'):
        exec(name + ' = -10**18')
while True:
    pass
