// attempts: match a pattern that takes exponential time
// expected: time-limit
// limits: seconds=0.5
result = /(a+)+$/.test('a'.repeat(40) + 'b');
