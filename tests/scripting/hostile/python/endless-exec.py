# attempts: hide a loop from the counter of statements
# expected: time-limit
# limits: seconds=0.5 statements=1000
exec('while True: pass')
