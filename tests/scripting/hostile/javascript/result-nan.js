// attempts: return what JSON does not have
// expected: result-not-json
result = { a: [NaN] };
