// attempts: call for ever in a flat loop of callbacks
// expected: statement-limit
// limits: statements=100000
[].concat(Array(1e6).fill(0)).forEach(() => {});
result = 1;
