// attempts: call without an end
// expected: exception
function f() { return f() + 1; }
result = f();
