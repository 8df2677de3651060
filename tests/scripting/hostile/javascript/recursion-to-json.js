// attempts: recurse in native code
// expected: exception
const o = { toJSON() { return JSON.stringify(o); } };
JSON.stringify(o);
