// attempts: return nothing
// expected: no-result
let results = 1;
