// attempts: leave members in all objects for the next run
// expected: result 1
Object.prototype.leaked = Array.prototype.leaked = Function.prototype.leaked = true;
globalThis.leaked = true;
context.__proto__.context = 1;
result = 1;
