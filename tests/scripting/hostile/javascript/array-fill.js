// attempts: fill a list of the greatest length
// expected: memory-limit|time-limit
// limits: seconds=2
result = new Array(2 ** 32 - 1).fill(0);
