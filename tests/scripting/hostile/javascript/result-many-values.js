// attempts: return more values than the reader takes
// expected: result-not-json|output-limit|memory-limit
result = Array(3e5).fill(0);
