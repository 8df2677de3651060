// attempts: return a list that overflows the stack of the reader
// expected: result-not-json
result = [];
for (let i = 0; i < 400; i++) result = [result];
