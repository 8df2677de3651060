// attempts: return a text that grows when it is encoded
// expected: output-limit|memory-limit
result = '\u0001'.repeat(1e6);
