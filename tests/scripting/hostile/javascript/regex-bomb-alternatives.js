// attempts: match a pattern of alternatives that takes exponential time
// expected: time-limit
// limits: seconds=0.5
result = /^(a|aa|a?)*$/.test('a'.repeat(60) + 'b');
