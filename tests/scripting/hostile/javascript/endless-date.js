// attempts: wait for a time that never comes
// expected: time-limit
// limits: seconds=0.5
while (Date.now() < 1e18);
