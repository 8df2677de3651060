// attempts: reach the caller's functions
// expected: result-not-json|exception|result null
function f() { return f.caller; }
result = f() ?? null;
