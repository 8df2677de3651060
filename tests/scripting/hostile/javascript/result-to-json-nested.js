// attempts: encode a result that never ends
// expected: result-not-json|memory-limit
const next = { toJSON() { return { next }; } };
result = next;
