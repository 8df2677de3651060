// attempts: replace the check for finite numbers
// expected: result-not-json
Number.isFinite = globalThis.isFinite = () => true;
result = Infinity;
