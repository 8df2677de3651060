// attempts: return a symbol
// expected: result-not-json
result = [Symbol('x')];
