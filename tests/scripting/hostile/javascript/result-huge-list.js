// attempts: return a huge list
// expected: output-limit|memory-limit
result = Array(1e6).fill(12345);
