// attempts: replace by a pattern that takes exponential time
// expected: time-limit
// limits: seconds=0.5
result = 'x'.repeat(40).replace(/(x+x+)+y/g, '');
