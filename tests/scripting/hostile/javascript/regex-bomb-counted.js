// attempts: match a pattern of huge counts
// expected: time-limit|memory-limit|exception
// limits: seconds=2
result = /((a{0,1000}){0,1000}){0,1000}$/.test('a'.repeat(1000) + 'b');
