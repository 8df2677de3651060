// attempts: fill the table of symbols
// expected: memory-limit|time-limit
// limits: seconds=2
for (let i = 0; ; i++) Symbol.for('x'.repeat(1000) + i);
