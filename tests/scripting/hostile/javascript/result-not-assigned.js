// attempts: return nothing
// expected: result-not-json
let results = 1;
