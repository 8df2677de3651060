// attempts: return half of a surrogate pair
// expected: result-not-json
result = '\ud800';
