// attempts: return a function
// expected: result-not-json
result = { f() {} };
