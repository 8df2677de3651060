// attempts: return a list of lists that nobody can parse
// expected: result-not-json
result = [];
for (let i = 0; i < 1e5; i++) result = [result];
