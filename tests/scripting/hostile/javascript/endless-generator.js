// attempts: spread a generator that never ends
// expected: memory-limit
function* ones() { while (true) yield 1; }
result = [...ones()];
