// attempts: catch the end of the stack, and go on
// expected: exception|time-limit
// limits: seconds=2
function f() { try { f(); } catch (e) { f(); } finally { f(); } }
f();
