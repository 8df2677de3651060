// attempts: return a huge text
// expected: output-limit|memory-limit
result = 'x'.repeat(5e6);
