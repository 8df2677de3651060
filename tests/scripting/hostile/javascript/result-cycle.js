// attempts: return an object that contains itself
// expected: result-not-json
result = {};
result.self = result;
